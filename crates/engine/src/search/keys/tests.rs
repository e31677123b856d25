use proptest::prelude::*;

use super::*;

fn finds(parts: &[SearchPart<'_>], query: &str) -> bool {
    let text = search_text(parts);
    let terms = query_terms(query);
    !terms.is_empty() && terms.iter().all(|t| text.contains(t.as_str()))
}

#[test]
fn names_are_found_by_characters_pinyin_and_initials() {
    let name = [SearchPart::Name("上海鑫茂科技（集团）有限公司")];
    for query in ["鑫茂", "xinmao", "xmkj", "XMKJ", "上海 科技", "shxm", "鑫", "科技集团", "shanghai 集团", "Ｘｍｋｊ"]
    {
        assert!(finds(&name, query), "{query}");
    }
    for query in ["鑫科", "beijing", "上海 北京"] {
        assert!(!finds(&name, query), "{query}");
    }
    for query in ["societe", "Générale", "SOC", "societegenerale"] {
        assert!(finds(&[SearchPart::Name("Société Générale")], query), "{query}");
    }
    assert!(finds(&[SearchPart::Name("Betatech")], "tatec"));
    assert!(finds(&[SearchPart::Name("GTX Pro")], "GTXPro"));
    assert!(finds(&[SearchPart::Name("GTX 500")], "gtx 500"));
    assert!(finds(&[SearchPart::Name("阿里云Cloud")], "alycloud"));
}

#[test]
fn pairs_of_characters_do_not_cross_words() {
    let count = |text: &str| pairs(text).len();
    assert_eq!((count(""), count("张"), count("张 三"), count("张三\n李")), (0, 0, 0, 1));
    assert_eq!(pairs("ab"), [0x0061_0062]);
    assert_eq!(pairs("鑫茂"), [0x946b_8302_u32.cast_signed()]);
    assert_eq!(count("abab"), 2);
    // A term that a text holds has all its pairs in the text.
    let (text, term) = (pairs("上海鑫茂科技 𠮷野家"), pairs("鑫茂科"));
    assert!(term.iter().all(|p| text.contains(p)) && pairs("𠮷野").iter().all(|p| text.contains(p)));
}

#[test]
fn characters_of_several_readings() {
    for (name, queries) in [
        ("重庆长安汽车", &["chongqing", "changan", "cqca"][..]),
        ("招商银行", &["yinhang", "zsyh"]),
        ("厦门航空", &["xiamen", "xmhk"]),
        ("国贸大厦", &["dasha", "gmds"]),
        ("成都音乐", &["chengdu", "yinyue"]),
        ("单田芳", &["shan", "dan", "stf"]),
        ("曾国藩", &["zeng", "zgf"]),
        ("仇英", &["qiu", "qy", "chou"]),
        ("吕布", &["lv", "lu", "lb"]),
        ("绿城中国", &["lvcheng", "lucheng", "lczg"]),
        ("会计师事务所", &["kuaiji"]),
        ("中国重工", &["zhonggong"]),
        ("空调设备", &["kongtiao"]),
    ] {
        for query in queries {
            assert!(finds(&[SearchPart::Name(name)], query), "{name} {query}");
        }
    }
}

#[test]
fn phones_are_found_by_fragments_however_written() {
    for stored in ["138-1234-5678", "+86 138 1234 5678", "13812345678"] {
        for query in
            ["1234", "13812345678", "138 1234 5678", "+86 138 1234 5678", "0086-13812345678", "5678", "8613812345678"]
        {
            assert!(finds(&[SearchPart::Phone(stored)], query), "{stored} {query}");
        }
        assert!(!finds(&[SearchPart::Phone(stored)], "9999"));
    }
    for stored in ["021-61234567", "+86 21 6123 4567", "86-21-61234567", "02161234567转801"] {
        for query in ["61234567", "021 6123 4567", "+86 21 61234567", "021-61234567"] {
            assert!(finds(&[SearchPart::Phone(stored)], query), "{stored} {query}");
        }
    }
    assert!(finds(&[SearchPart::Phone("+1 (212) 555-0123")], "212-555-0123"));
    assert!(finds(&[SearchPart::Phone("+1 (212) 555-0123")], "+1 212 555 0123"));
}

#[test]
fn other_keys() {
    let parts = [
        SearchPart::Name("鑫茂"),
        SearchPart::Email("Wang.Wei@Example.com"),
        SearchPart::Code("91350100M000100Y43"),
        SearchPart::Text("Met at the fair in Köln"),
    ];
    for query in ["wang.wei", "@example", "91350100m", "100Y43", "koln fair", "鑫茂 example"] {
        assert!(finds(&parts, query), "{query}");
    }
}

#[test]
fn terms() {
    assert_eq!(query_terms("  Foo   bar foo "), ["foo", "bar"]);
    assert_eq!(query_terms("a 鑫茂 1"), ["鑫茂"]);
    assert_eq!(query_terms("鑫"), ["鑫"]);
    assert_eq!(query_terms("x"), ["x"]);
    assert_eq!(query_terms("12"), ["12"]);
    assert_eq!(query_terms("gtx 500"), ["gtx", "500"]);
    assert!(query_terms(" \u{3000}").is_empty());
    assert_eq!(query_terms(&"word ".repeat(50)).len(), 1);
    assert_eq!(query_terms(&(0..50).map(|n| format!("w{n} ")).collect::<String>()).len(), TERMS_MAX);
}

#[test]
fn prose_never_crowds_out_what_identifies() {
    let prose = "一段很长的备注".repeat(200);
    let parts = [SearchPart::Text(&prose), SearchPart::Name("鑫茂科技"), SearchPart::Phone("13812345678")];
    assert!(finds(&parts, "xinmao") && finds(&parts, "1381234"));
    assert!(search_text(&parts).chars().count() <= TEXT_MAX);
}

/// Characters of one reading, with their initials.
const PLAIN: &[(char, char)] = &[
    ('鑫', 'x'),
    ('茂', 'm'),
    ('科', 'k'),
    ('技', 'j'),
    ('网', 'w'),
    ('络', 'l'),
    ('软', 'r'),
    ('腾', 't'),
    ('讯', 'x'),
    ('北', 'b'),
    ('京', 'j'),
];

proptest! {
    #[test]
    fn any_two_neighbours_and_the_initials(picks in prop::collection::vec(0..PLAIN.len(), 2..30), form in "(|有限公司|（集团）)") {
        let core: String = picks.iter().map(|i| PLAIN[*i].0).collect();
        let initials: String = picks.iter().map(|i| PLAIN[*i].1).collect();
        let name = format!("{core}{form}");
        let parts = [SearchPart::Name(&name)];
        let chars: Vec<char> = core.chars().collect();
        for pair in chars.windows(2) {
            prop_assert!(finds(&parts, &pair.iter().collect::<String>()));
        }
        prop_assert!(finds(&parts, &initials));
    }

    #[test]
    fn any_piece_of_a_latin_name(name in "[A-Za-zéüñçøł]{2,12}( [A-Za-zéüñçøł]{2,12}){0,3}", at in 0usize..20, length in 2usize..8) {
        let chars: Vec<char> = name.chars().collect();
        let piece: String = chars.iter().skip(at.min(chars.len() - 2)).take(length).collect();
        prop_assume!(!query_terms(&piece).is_empty());
        prop_assert!(finds(&[SearchPart::Name(&name)], &piece), "{} in {}", piece, name);
        prop_assert!(finds(&[SearchPart::Name(&name)], &piece.to_uppercase()));
    }

    #[test]
    fn any_four_digits_of_a_number(number in "1[3-9][0-9]{9}", at in 0usize..8, length in 4usize..12) {
        let grouped = format!("{} {}-{}", &number[..3], &number[3..7], &number[7..]);
        let piece = &number[at..(at + length).min(11)];
        prop_assert!(finds(&[SearchPart::Phone(&grouped)], piece));
    }

    #[test]
    fn bounded_and_foldable(name in ".{0,200}", prose in ".{0,300}", phone in ".{0,60}") {
        let text = search_text(&[SearchPart::Name(&name), SearchPart::Text(&prose), SearchPart::Phone(&phone), SearchPart::Email(&name)]);
        prop_assert!(text.chars().count() <= TEXT_MAX);
        for term in query_terms(&name) {
            prop_assert!(!term.is_empty() && !term.contains(' '));
        }
    }
}
