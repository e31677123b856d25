//! How a name is spelled in pinyin: in full and by initials, with the readings names really have.

use kezhan_meta::rules::text::is_han;
use pinyin::ToPinyin;

/// A character of several readings: the usual one in names, and another one beside certain neighbours.
struct Polyphone {
    han: char,
    usual: &'static str,
    other: &'static str,
    /// Characters before or after it with which it is read the other way.
    after: &'static str,
    before: &'static str,
}

const fn one(han: char, usual: &'static str) -> Polyphone {
    Polyphone { han, usual, other: usual, after: "", before: "" }
}

/// `after`: the characters that precede it, `before`: those that follow.
const fn two(
    han: char,
    usual: &'static str,
    other: &'static str,
    after: &'static str,
    before: &'static str,
) -> Polyphone {
    Polyphone { han, usual, other, after, before }
}

/// Where the first reading of the dictionary is not the one heard in names of companies and places.
const POLYPHONES: &[Polyphone] = &[
    two('行', "xing", "hang", "银商车洋工建农分支总投央同", "业情"),
    two('重', "zhong", "chong", "", "庆组启"),
    two('长', "chang", "zhang", "成增校店董事市部院会生", "辈老"),
    two('乐', "le", "yue", "音声器民", "器团队清谱"),
    two('藏', "cang", "zang", "西宝青川", "医药族红"),
    two('参', "can", "shen", "人海党洋丹玄", "茸"),
    two('调', "tiao", "diao", "", "查研"),
    two('会', "hui", "kuai", "", "计"),
    two('厦', "xia", "sha", "大广", ""),
    two('角', "jiao", "jue", "主", "色"),
    two('都', "du", "dou", "", ""),
    two('便', "bian", "pian", "", "宜"),
    two('给', "gei", "ji", "供补自", ""),
    two('弹', "dan", "tan", "", "簧性"),
    two('秘', "mi", "bi", "", "鲁"),
    two('六', "liu", "lu", "", "安"),
    two('莘', "xin", "shen", "", "县"),
    two('铅', "qian", "yan", "", "山"),
    two('番', "fan", "pan", "", "禺"),
    two('阿', "a", "e", "东", "胶"),
    two('单', "dan", "shan", "", "县"),
    two('埔', "pu", "bu", "大", ""),
    one('曾', "zeng"),
    one('翟', "zhai"),
    one('晟', "sheng"),
    one('缪', "miao"),
    one('覃', "qin"),
    one('隗', "wei"),
    one('佛', "fo"),
    one('薄', "bo"),
    one('还', "huan"),
    one('蚌', "beng"),
    one('呷', "xia"),
    one('伽', "jia"),
    one('似', "si"),
    one('仔', "zai"),
    one('拓', "tuo"),
];

/// Surnames that are read differently from the same character elsewhere.
const SURNAMES: &[(char, &str)] = &[
    ('单', "shan"),
    ('仇', "qiu"),
    ('解', "xie"),
    ('查', "zha"),
    ('乐', "yue"),
    ('朴', "piao"),
    ('区', "ou"),
    ('盖', "ge"),
    ('员', "yun"),
    ('召', "shao"),
    ('洗', "xian"),
    ('折', "she"),
    ('秘', "bi"),
    ('种', "chong"),
    ('黑', "he"),
    ('长', "zhang"),
    ('尉', "yu"),
];

/// Hands over the spellings of a folded name: in full and by initials, twice for some surnames and for
/// ü, which is typed as v or u. Latin letters and digits between the characters stay.
pub fn of(folded: &str, mut each: impl FnMut(&str)) {
    if !folded.chars().any(is_han) {
        return;
    }
    let chars: Vec<char> = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    let (full, initials) = spell(&chars, None);
    each(&full);
    // A lone initial finds nothing worth finding.
    if initials.len() > 1 {
        each(&initials);
    }
    let surname = SURNAMES.iter().find(|(han, _)| chars.first() == Some(han)).map(|(_, sound)| *sound);
    if let Some(surname) = surname
        && !full.starts_with(surname)
    {
        let (full, initials) = spell(&chars, Some(surname));
        each(&full);
        if initials.len() > 1 {
            each(&initials);
        }
    }
    if full.contains("lv") || full.contains("nv") {
        each(&full.replace("lv", "lu").replace("nv", "nu"));
    }
}

fn spell(chars: &[char], surname: Option<&str>) -> (String, String) {
    let mut full = String::with_capacity(chars.len() * 6);
    let mut initials = String::with_capacity(chars.len());
    for (index, c) in chars.iter().enumerate() {
        let sound = match surname {
            Some(surname) if index == 0 => Some(surname),
            _ => sound(chars, index),
        };
        match sound {
            Some(sound) => {
                full.extend(sound.chars().map(|c| if c == 'ü' { 'v' } else { c }));
                initials.extend(sound.chars().next());
            }
            None => {
                full.push(*c);
                initials.push(*c);
            }
        }
    }
    (full, initials)
}

fn sound(chars: &[char], index: usize) -> Option<&'static str> {
    let c = *chars.get(index)?;
    if !is_han(c) {
        return None;
    }
    let Some(known) = POLYPHONES.iter().find(|p| p.han == c) else {
        return c.to_pinyin().map(|p| p.plain());
    };
    let before = index.checked_sub(1).and_then(|i| chars.get(i));
    let after = chars.get(index + 1);
    let other = before.is_some_and(|b| known.after.contains(*b)) || after.is_some_and(|a| known.before.contains(*a));
    Some(if other { known.other } else { known.usual })
}
