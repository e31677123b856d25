//! 行政区划: the provinces, cities and districts of China with their codes (GB/T 2260) and initials.
//!
//! `data/regions.txt` is the one source. The server has it built in; the browser is given the same file when an address
//! is edited, so that it is no part of the client that everybody loads.

use crate::Address;

/// A province, city or district.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region<'a> {
    pub code: &'a str,
    pub name: &'a str,
    /// First letters of the name in pinyin.
    pub initials: &'a str,
}

impl Region<'_> {
    /// Does somebody who types this mean the region?
    pub fn fits(&self, typed: &str) -> bool {
        self.name.contains(typed) || self.initials.starts_with(&typed.to_lowercase()) || self.code.starts_with(typed)
    }

    fn level(&self) -> Level {
        match (&self.code[2..4], &self.code[4..]) {
            ("00", _) => Level::Province,
            // Counties that the province governs directly stand beside its cities.
            (_, "00") | ("90", _) => Level::City,
            _ => Level::District,
        }
    }

    /// Two of these are one: 杭州 and 杭州市.
    fn is_called(&self, name: &str) -> bool {
        self.name == name || (self.short() == name && name.chars().count() > 1)
    }

    /// The name without the word for its kind: 浙江, 内蒙古, 杭州.
    fn short(&self) -> &str {
        const KINDS: [&str; 9] =
            ["特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市", "地区", "盟"];
        KINDS.iter().find_map(|kind| self.name.strip_suffix(kind)).unwrap_or(self.name)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Province,
    City,
    District,
}

/// All regions, in the order of their codes.
#[derive(Clone, Debug, Default)]
pub struct Regions<'a>(Vec<Region<'a>>);

/// As much of an address as a code or a text tells; the rest of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place<'a> {
    pub province: Option<Region<'a>>,
    pub city: Option<Region<'a>>,
    pub district: Option<Region<'a>>,
}

impl<'a> Place<'a> {
    /// The code of the smallest part.
    pub fn code(&self) -> Option<&'a str> {
        self.district.or(self.city).or(self.province).map(|r| r.code)
    }

    /// Puts the names and the code into an address.
    pub fn fill(&self, address: &mut Address) {
        let name = |part: Option<Region<'a>>| part.map(|r| r.name.to_owned());
        address.province = name(self.province);
        address.city = name(self.city);
        address.district = name(self.district);
        address.code = self.code().map(str::to_owned);
    }
}

impl<'a> Regions<'a> {
    /// Reads `code name initials` lines; others are passed over.
    pub fn parse(text: &'a str) -> Regions<'a> {
        let region = |line: &'a str| {
            let mut parts = line.split(' ');
            let (code, name, initials) = (parts.next()?, parts.next()?, parts.next()?);
            let fair = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
            fair.then_some(Region { code, name, initials })
        };
        Regions(text.lines().filter_map(region).collect())
    }

    pub fn get(&self, code: &str) -> Option<Region<'a>> {
        self.0.binary_search_by(|r| r.code.cmp(code)).ok().map(|at| self.0[at])
    }

    pub fn provinces(&self) -> impl Iterator<Item = Region<'a>> {
        self.0.iter().copied().filter(|r| r.level() == Level::Province)
    }

    /// The cities of a province, given the code of anything in it.
    pub fn cities(&self, within: &str) -> impl Iterator<Item = Region<'a>> {
        self.below(within.get(..2)).filter(|r| r.level() == Level::City)
    }

    /// The districts of a city, given the code of anything in it; counties of 重庆 count as its districts.
    pub fn districts(&self, within: &str) -> impl Iterator<Item = Region<'a>> {
        let whole = is_municipality(within);
        let direct = within.get(2..4) == Some("90");
        self.below(within.get(..if whole { 2 } else { 4 })).filter(move |r| !direct && r.level() == Level::District)
    }

    /// Every city, or every district, whose name or initials somebody may be typing.
    pub fn cities_like(&self, typed: &str) -> impl Iterator<Item = Region<'a>> {
        self.0.iter().copied().filter(move |r| r.level() == Level::City && r.fits(typed))
    }

    pub fn districts_like(&self, typed: &str) -> impl Iterator<Item = Region<'a>> {
        self.0.iter().copied().filter(move |r| r.level() == Level::District && r.fits(typed))
    }

    fn below(&self, prefix: Option<&str>) -> impl Iterator<Item = Region<'a>> {
        let prefix = prefix.unwrap_or("-").to_owned();
        let from = self.0.partition_point(|r| r.code < prefix.as_str());
        let inside: Vec<_> = self.0[from..].iter().copied().take_while(|r| r.code.starts_with(&prefix)).collect();
        inside.into_iter()
    }

    /// What a code says of a place. A district that is no longer there still tells its city.
    pub fn place(&self, code: &str) -> Place<'a> {
        let (Some(province), Some(city)) = (code.get(..2), code.get(..4)) else { return Place::default() };
        let own = self.get(code);
        let of_level = |level: Level| own.filter(|r| r.level() == level);
        let city = if is_municipality(code) && code.get(2..) != Some("0000") {
            format!("{province}01")
        } else {
            city.to_owned()
        };
        Place {
            province: self.get(&format!("{province}0000")),
            city: of_level(Level::City).or_else(|| self.get(&format!("{city}00")).filter(|r| r.level() == Level::City)),
            district: of_level(Level::District),
        }
    }

    /// The place that names give, from the large to the small; a part that is not known ends it.
    pub fn named(&self, province: &str, city: &str, district: &str) -> Place<'a> {
        let find = |mut of: Box<dyn Iterator<Item = Region<'a>> + '_>, name: &str| of.find(|r| r.is_called(name));
        let Some(province) = find(Box::new(self.provinces()), province) else { return Place::default() };
        let city = find(Box::new(self.cities(province.code)), city);
        let within = city.or_else(|| self.cities(province.code).next().filter(|_| is_municipality(province.code)));
        let district = within.and_then(|c| find(Box::new(self.districts(c.code)), district));
        Place { province: Some(province), city: within.filter(|_| city.is_some() || district.is_some()), district }
    }

    /// The names as they are in full, and the code that they give: 南京 of 江苏 is 南京市, 320100. What is not known stays,
    /// and so does the code of a place within.
    pub fn settled(&self, mut address: Address) -> Address {
        let name = |part: &'_ Option<String>| part.clone().unwrap_or_default();
        if !is_china(&name(&address.country)) {
            return address;
        }
        let place = self.named(&name(&address.province), &name(&address.city), &name(&address.district));
        let Some(code) = place.code() else { return address };
        let parts = [&mut address.province, &mut address.city, &mut address.district];
        for (part, known) in parts.into_iter().zip([place.province, place.city, place.district]) {
            if let Some(region) = known.filter(|_| part.is_some()) {
                *part = Some(region.name.to_owned());
            }
        }
        let within = address.code.as_ref().is_some_and(|own| own.starts_with(code.trim_end_matches("00")));
        if !within {
            address.code = Some(code.to_owned());
        }
        address
    }

    /// Takes the names of regions off the front of an address: 浙江省杭州市西湖区文三路 1 号. Only what is certain:
    /// a text that does not begin with a province, or with a city in full, stays whole.
    pub fn split<'t>(&self, text: &'t str) -> (Place<'a>, &'t str) {
        let text = text.trim();
        let none = (Place::default(), text);
        let leading = leading(self.provinces(), text, true);
        let (mut province, rest) = (leading.map(|(p, _)| p), leading.map_or(text, |(_, rest)| rest));
        let city = match province {
            Some(province) => self::leading(self.cities(province.code), rest, true),
            None => self::leading(self.0.iter().copied().filter(|r| r.level() == Level::City), rest, false),
        };
        let (mut city, mut rest) = (city.map(|(c, _)| c), city.map_or(rest, |(_, rest)| rest));
        if province.is_none() {
            province = city.and_then(|c| self.place(c.code).province);
        }
        let Some(province) = province else { return none };
        let only = self.cities(province.code).next().filter(|_| is_municipality(province.code));
        let district = city.or(only).and_then(|c| self::leading(self.districts(c.code), rest, false));
        if let Some((_, after)) = district {
            (city, rest) = (city.or(only), after);
        }
        // 上海路 is a street: a province in short is one only before one of its parts.
        if city.is_none() && !text.starts_with(province.name) {
            return none;
        }
        (Place { province: Some(province), city, district: district.map(|(d, _)| d) }, rest)
    }
}

/// The region whose name the text begins with, the longest where several fit.
fn leading<'a, 't>(
    among: impl Iterator<Item = Region<'a>>,
    text: &'t str,
    short: bool,
) -> Option<(Region<'a>, &'t str)> {
    let fit = |region: Region<'a>| {
        let whole = text.strip_prefix(region.name);
        let part = || text.strip_prefix(region.short()).filter(|rest| short && !rest.starts_with(['路', '街', '大']));
        let rest = whole.or_else(part)?;
        Some((region, rest.trim_start_matches([' ', '\u{3000}', ',', '，', '-', '/'])))
    };
    among.filter_map(fit).min_by_key(|(_, rest)| rest.len())
}

/// A city in short: 南京 for 南京市.
pub fn city(name: &str) -> &str {
    let mut short = name;
    while let Some(rest) = short.strip_suffix('市').filter(|rest| rest.chars().count() > 1) {
        short = rest;
    }
    short
}

/// The names by which the same province, city or district may stand in an address: 南京 and 南京市.
pub fn spellings(name: &str) -> Vec<String> {
    const KINDS: [&str; 12] = [
        "特别行政区",
        "维吾尔自治区",
        "壮族自治区",
        "回族自治区",
        "自治区",
        "省",
        "市",
        "地区",
        "盟",
        "区",
        "县",
        "旗",
    ];
    let mut all = vec![name.to_owned()];
    if !name.is_ascii() {
        match KINDS.iter().find_map(|kind| name.strip_suffix(kind)).filter(|short| short.chars().count() > 1) {
            Some(short) => all.push(short.to_owned()),
            None => all.extend(KINDS.iter().map(|kind| format!("{name}{kind}"))),
        }
    }
    all
}

/// 北京, 天津, 上海 and 重庆 are province and city in one.
fn is_municipality(code: &str) -> bool {
    matches!(code.get(..2), Some("11" | "12" | "31" | "50"))
}

/// Is this how people write the country whose regions these are? An address without a country is one of it too.
pub fn is_china(country: &str) -> bool {
    matches!(country.trim().to_lowercase().as_str(), "" | "中国" | "cn" | "china" | "中华人民共和国")
}

/// The regions as the server has them.
#[cfg(not(target_arch = "wasm32"))]
pub fn all() -> &'static Regions<'static> {
    static ALL: std::sync::LazyLock<Regions<'static>> =
        std::sync::LazyLock::new(|| Regions::parse(include_str!("../data/regions.txt")));
    &ALL
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn names(place: Place<'_>) -> [&str; 3] {
        [place.province, place.city, place.district].map(|r| r.map_or("", |r| r.name))
    }

    #[test]
    fn the_file_is_whole() {
        let regions = all();
        assert_eq!(regions.0.len(), include_str!("../data/regions.txt").lines().count());
        assert!(regions.0.windows(2).all(|w| w[0].code < w[1].code), "in order, none twice");
        assert_eq!(regions.provinces().count(), 34);
        for region in &regions.0 {
            assert_eq!(regions.place(region.code).code(), Some(region.code), "{region:?}");
            assert!(region.initials.bytes().all(|b| b.is_ascii_lowercase()), "{region:?}");
        }
    }

    #[test]
    fn each_level_offers_what_lies_in_it() {
        let regions = all();
        let cities: Vec<_> = regions.cities("330106").map(|r| r.name).collect();
        assert!(cities.len() == 11 && cities.contains(&"杭州市"), "{cities:?}");
        assert!(regions.districts("330100").any(|r| r.name == "临平区" && r.fits("lp") && r.fits("临平")));
        assert_eq!(regions.cities("110000").map(|r| r.name).collect::<Vec<_>>(), ["北京市"]);
        assert!(regions.districts("500100").any(|r| r.name == "城口县"), "a county of 重庆");
        assert!(regions.cities("420000").any(|r| r.name == "仙桃市"), "governed by the province itself");
        assert_eq!(regions.districts("429004").count() + regions.districts("441900").count(), 0);
    }

    #[test]
    fn a_code_tells_the_place() {
        let regions = all();
        assert_eq!(names(regions.place("310115")), ["上海市", "上海市", "浦东新区"]);
        assert_eq!(names(regions.place("429004")), ["湖北省", "仙桃市", ""]);
        assert_eq!(names(regions.place("330103")), ["浙江省", "杭州市", ""], "下城区 is no more");
        assert_eq!(names(regions.place("500233")), ["重庆市", "重庆市", "忠县"]);
        assert_eq!(names(regions.place("100000")), ["", "", ""], "registered with the state itself");
        assert_eq!(names(regions.place("中文")), ["", "", ""]);
    }

    #[test]
    fn names_give_the_code() {
        let regions = all();
        assert_eq!(regions.named("浙江", "杭州", "西湖区").code(), Some("330106"));
        assert_eq!(regions.named("上海市", "", "浦东新区").code(), Some("310115"));
        assert_eq!(regions.named("上海市", "上海市", "某区").code(), Some("310100"));
        assert_eq!(regions.named("Bayern", "", "").code(), None);
    }

    #[test]
    fn addresses_have_their_names_in_full() {
        let settled = |province: &str, city: &str, district: &str, code: Option<&str>| {
            let part = |name: &str| Some(name.to_owned()).filter(|n| !n.is_empty());
            let address = all().settled(Address {
                province: part(province),
                city: part(city),
                district: part(district),
                code: code.map(str::to_owned),
                ..Address::default()
            });
            [address.province, address.city, address.district, address.code].map(Option::unwrap_or_default)
        };
        assert_eq!(settled("江苏", "南京", "", None), ["江苏省", "南京市", "", "320100"]);
        assert_eq!(
            settled("江苏省", "南京市", "", Some("320115")),
            ["江苏省", "南京市", "", "320115"],
            "more is known"
        );
        assert_eq!(settled("江苏省", "苏州市", "", Some("320115")), ["江苏省", "苏州市", "", "320500"], "of elsewhere");
        assert_eq!(settled("上海", "", "浦东新区", None), ["上海市", "", "浦东新区", "310115"]);
        assert_eq!(settled("浙江", "杭州", "下城区", None), ["浙江省", "杭州市", "下城区", "330100"]);
        assert_eq!(settled("Bayern", "München", "", None), ["Bayern", "München", "", ""]);
        assert_eq!(["南京市", "南京", "津市", "沙市", "Leeds"].map(city), ["南京", "南京", "津市", "沙市", "Leeds"]);
        assert_eq!(spellings("南京市"), ["南京市", "南京"]);
        assert!(spellings("南京").contains(&"南京市".to_owned()));
        assert_eq!(spellings("Leeds"), ["Leeds"]);
    }

    #[test]
    fn regions_come_off_the_front_of_an_address() {
        let split = |text| {
            let (place, rest) = all().split(text);
            (place.code().unwrap_or_default(), rest.to_owned())
        };
        for (text, code, rest) in [
            ("浙江省杭州市西湖区文三路 1 号", "330106", "文三路 1 号"),
            ("浙江杭州 西湖区 文三路", "330106", "文三路"),
            ("上海市浦东新区世纪大道 100 号", "310115", "世纪大道 100 号"),
            ("上海上海市浦东新区世纪大道", "310115", "世纪大道"),
            ("杭州市滨江区网商路", "330108", "网商路"),
            ("内蒙古自治区呼和浩特市新城区", "150102", ""),
            ("湖北省仙桃市沔阳大道", "429004", "沔阳大道"),
            ("广东省东莞市长安镇", "441900", "长安镇"),
            ("江苏苏州昆山市前进中路", "320583", "前进中路"),
            // What is not certain stays as it is.
            ("杭州路 3 号", "", "杭州路 3 号"),
            ("10 Downing Street, London", "", "10 Downing Street, London"),
            ("上海路 8 号", "", "上海路 8 号"),
            ("", "", ""),
        ] {
            assert_eq!(split(text), (code, rest.to_owned()), "{text}");
        }
    }
}
