//! Keys by which two spellings of a company or product name are recognised as one.

use super::text::{fold, is_han, squash};

/// Chinese words of legal form, longest first.
const LEGAL_FORMS: &[&str] = &[
    "集团股份有限公司",
    "股份有限责任公司",
    "控股有限公司",
    "股份有限公司",
    "有限责任公司",
    "集团有限公司",
    "特殊普通合伙",
    "个体工商户",
    "有限公司",
    "集团公司",
    "股份公司",
    "有限合伙",
    "普通合伙",
    "股份",
    "集团",
];

/// Words stripped only from the end, because they are ordinary words elsewhere.
const TRAILING_FORMS: &[&str] = &["总公司", "公司", "控股", "中国"];

const PROVINCES: &[&str] = &[
    "北京",
    "天津",
    "上海",
    "重庆",
    "河北",
    "山西",
    "辽宁",
    "吉林",
    "黑龙江",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "海南",
    "四川",
    "贵州",
    "云南",
    "陕西",
    "甘肃",
    "青海",
    "台湾",
    "内蒙古",
    "广西",
    "西藏",
    "宁夏",
    "新疆",
    "香港",
    "澳门",
];

const PROVINCE_WORDS: &[&str] = &["维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "省", "市"];

/// Latin words of legal form, stripped from the end.
const LATIN_FORMS: &[&str] = &[
    "ab",
    "ag",
    "and",
    "aps",
    "as",
    "asa",
    "bhd",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "group",
    "holding",
    "holdings",
    "inc",
    "incorporated",
    "kg",
    "kgaa",
    "kk",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "mbh",
    "nv",
    "oy",
    "oyj",
    "plc",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sarl",
    "sas",
    "sdn",
    "se",
    "spa",
    "srl",
    "sro",
];

/// The duplicate key of a company name: what is left when width, case, accents, brackets, punctuation,
/// legal form, 中国 and the words 省/市 are put aside. Place names stay: 北京设计院 and 上海设计院 are
/// two companies; for a looser list of candidates see [`company_core`].
pub fn company_key(name: &str) -> String {
    if squash(name).is_empty() {
        return String::new();
    }
    let folded = fold(name);
    let stripped = strip_latin_forms(&folded);
    let plain = squash(&stripped);
    let key = if plain.chars().any(is_han) { strip_chinese_forms(&plain) } else { plain };
    if key.is_empty() { squash(name) } else { key }
}

/// `company_key` without the leading province as well: finds 上海鑫茂 for 鑫茂. For suggestions only.
pub fn company_core(name: &str) -> String {
    let key = company_key(name);
    PROVINCES
        .iter()
        .find_map(|p| key.strip_prefix(p).or_else(|| key.strip_suffix(p)))
        .filter(|rest| rest.chars().count() >= 2)
        .map(str::to_owned)
        .unwrap_or(key)
}

/// The candidate that was probably meant by `text`, if exactly one stands out: equal but for spaces and
/// punctuation ("GTXPro" → "GTX Pro"), else within a typing mistake or two.
pub fn near_miss<'a, I>(text: &str, candidates: I) -> Option<NearMiss<'a>>
where
    I: IntoIterator<Item = &'a str>,
{
    let wanted = squash(text);
    if wanted.is_empty() {
        return None;
    }
    let mut best: Option<NearMiss<'a>> = None;
    let mut tied = false;
    for candidate in candidates {
        let score = squashed_similarity(&wanted, &squash(candidate));
        if score == 0.0 {
            continue;
        }
        match &best {
            Some(found) if found.score > score => {}
            Some(found) if found.score == score && found.candidate == candidate => {}
            Some(found) if found.score == score => tied = true,
            _ => {
                best = Some(NearMiss { candidate, score });
                tied = false;
            }
        }
    }
    best.filter(|_| !tied)
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearMiss<'a> {
    pub candidate: &'a str,
    /// 1 where only spaces, case or punctuation differ.
    pub score: f64,
}

/// How alike two names are: 1 the same but for spaces, case and punctuation; 0 not plausibly the same.
pub fn similarity(a: &str, b: &str) -> f64 {
    squashed_similarity(&squash(a), &squash(b))
}

fn squashed_similarity(a: &str, b: &str) -> f64 {
    if a == b {
        return if a.is_empty() { 0.0 } else { 1.0 };
    }
    // "GTX 500" and "GTX 501" are two products, never a slip of the finger.
    if !a.chars().filter(char::is_ascii_digit).eq(b.chars().filter(char::is_ascii_digit)) {
        return 0.0;
    }
    let (len_a, len_b) = (a.chars().count(), b.chars().count());
    let longer = len_a.max(len_b);
    let shorter = len_a.min(len_b);
    let han = a.chars().chain(b.chars()).any(is_han);
    // A Chinese character carries about as much as a Latin word.
    let allowed = match shorter {
        0..4 => 0,
        4..6 if han => 0,
        4..9 => 1,
        _ if han => 1,
        _ => 2,
    };
    if longer - shorter > allowed {
        return 0.0;
    }
    let distance = strsim::osa_distance(a, b);
    if distance > allowed { 0.0 } else { 1.0 - distance as f64 / longer as f64 }
}

fn strip_latin_forms(folded: &str) -> String {
    let spaced = folded.replace('&', " and ").replace('.', "");
    let mut words: Vec<&str> = spaced
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '/' | ';'))
        .filter(|w| !w.is_empty())
        .collect();
    while words.len() > 1 && words.last().is_some_and(|w| LATIN_FORMS.contains(w)) {
        words.pop();
    }
    if words.len() > 1 && words.first() == Some(&"the") {
        words.remove(0);
    }
    words.join(" ")
}

fn strip_chinese_forms(name: &str) -> String {
    let mut key = name.to_owned();
    for form in LEGAL_FORMS {
        remove_if_enough_is_left(&mut key, form, 2);
    }
    while let Some(rest) = TRAILING_FORMS.iter().find_map(|form| key.strip_suffix(form)) {
        // 分公司 and 子公司 are companies of their own.
        if rest.chars().count() < 2 || rest.ends_with(['分', '子']) {
            break;
        }
        key.truncate(rest.len());
    }
    // 中国银行 must not become 银行.
    if let Some(rest) = key.strip_prefix("中国").filter(|rest| rest.chars().count() >= 4) {
        key = rest.to_owned();
    }
    strip_region_words(&key)
}

fn remove_if_enough_is_left(key: &mut String, form: &str, enough: usize) {
    while let Some(at) = key.find(form) {
        if key.chars().count() - form.chars().count() < enough {
            return;
        }
        key.replace_range(at..at + form.len(), "");
    }
}

/// 广东省深圳市腾讯 → 深圳腾讯, 上海市鑫茂 → 上海鑫茂.
fn strip_region_words(key: &str) -> String {
    let mut rest = key;
    let mut place = "";
    if let Some((province, after)) = PROVINCES.iter().find_map(|p| Some((*p, key.strip_prefix(p)?))) {
        place = province;
        rest = PROVINCE_WORDS.iter().find_map(|w| after.strip_prefix(w)).unwrap_or(after);
        if rest.chars().count() < 2 {
            return key.to_owned();
        }
    }
    match split_city(rest) {
        // A city says more than its province, which some write and some leave out.
        Some((city, name)) => format!("{city}{name}"),
        None => format!("{place}{rest}"),
    }
}

fn split_city(text: &str) -> Option<(&str, &str)> {
    let (at, _) = text.char_indices().skip(2).take(2).find(|(_, c)| *c == '市')?;
    let (city, name) = (&text[..at], &text[at + '市'.len_utf8()..]);
    let is_word = city.ends_with(['超', '城', '都', '门', '股', '上', '集', '夜', '菜', '楼', '花', '鱼']);
    (!is_word && name.chars().count() >= 2).then_some((city, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn same_company() {
        for (a, b) in [
            ("上海鑫茂科技有限公司", "上海市鑫茂科技股份有限公司"),
            ("华为技术（北京）有限公司", "华为技术北京有限公司"),
            ("微软（中国）有限公司", "微软中国有限公司"),
            ("广东省深圳市腾讯计算机系统有限公司", "深圳市腾讯计算机系统有限公司"),
            ("深圳市腾讯计算机系统有限公司", "深圳腾讯计算机系统"),
            ("海尔集团公司", "海尔集团"),
            ("中国石油化工集团有限公司", "石油化工集团"),
            ("Acme Corporation", "ACME Corp."),
            ("Acme Co., Ltd.", "acme"),
            ("Bosch GmbH & Co. KG", "Bosch"),
            ("Société Générale S.A.", "societe generale"),
            ("Johnson & Johnson", "Johnson and Johnson Inc"),
            ("The Walt-Disney Company", "WALT DISNEY"),
            ("ＡＢＣ有限公司", "abc"),
        ] {
            assert_eq!(company_key(a), company_key(b), "{a} / {b}");
        }
    }

    #[test]
    fn different_companies() {
        for (a, b) in [
            ("北京建筑设计院有限公司", "上海建筑设计院有限公司"),
            ("中国银行", "银行"),
            ("华为技术有限公司", "华为技术有限公司上海分公司"),
            ("华联超市有限公司", "华联超有限公司"),
            ("有限公司", "集团公司"),
            ("Group", "Company"),
        ] {
            assert_ne!(company_key(a), company_key(b), "{a} / {b}");
        }
        assert_eq!(company_core("上海鑫茂科技有限公司"), company_core("鑫茂科技（上海）有限公司"));
        assert_eq!(company_core("上海银行"), "银行");
    }

    #[test]
    fn near_misses() {
        let products =
            ["GTX Basic", "GTX Pro", "MG Special", "MG Advanced", "GTX Plus Pro", "GTX Plus Basic", "GTK 500"];
        let guess = |text| near_miss(text, products).map(|m| m.candidate);
        assert_eq!(guess("GTXPro"), Some("GTX Pro"));
        assert_eq!(near_miss("gtx-pro", products).map(|m| m.score), Some(1.0));
        assert_eq!(guess("GTX Basci"), Some("GTX Basic"));
        assert_eq!(guess("MG Advnaced"), Some("MG Advanced"));
        assert_eq!(guess("GTK 501"), None);
        assert_eq!(guess("MG"), None);
        assert_eq!(guess("Something else"), None);
        assert_eq!(guess(""), None);
        // Two equally good guesses are no guess.
        assert_eq!(near_miss("Smitt", ["Smith", "Smits"]), None);
        assert_eq!(near_miss("华联超市", ["华润超市"]), None);
        assert_eq!(
            near_miss("深圳腾讯计算机系统", ["深圳腾迅计算机系统"]).map(|m| m.candidate),
            Some("深圳腾迅计算机系统")
        );
    }

    proptest! {
        #[test]
        fn never_empty_for_a_name(name in "[a-zA-Z一-龥（）()& .,-]{0,30}") {
            prop_assert_eq!(company_key(&name).is_empty(), squash(&name).is_empty());
        }

        #[test]
        fn never_panics(name in ".{0,30}", other in ".{0,30}") {
            let _ = company_core(&name);
            let _ = near_miss(&name, [other.as_str()]);
        }

        #[test]
        fn legal_form_does_not_matter(name in "[鑫茂科技腾讯华为网络软件电子]{2,8}") {
            for form in ["有限公司", "股份有限公司", "有限责任公司", "集团有限公司", "(集团)股份有限公司"] {
                prop_assert_eq!(company_key(&format!("{name}{form}")), company_key(&name));
            }
        }

        #[test]
        fn similarity_is_symmetric(a in "[a-c 一二]{0,8}", b in "[a-c 一二]{0,8}") {
            prop_assert_eq!(similarity(&a, &b), similarity(&b, &a));
        }
    }
}
