//! Names of companies and people.

use super::dice::{Dice, Kind};
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub const CITIES: [&str; 24] = [
    "上海", "北京", "深圳", "广州", "杭州", "成都", "武汉", "南京", "苏州", "西安", "重庆", "天津", "长沙", "青岛",
    "宁波", "郑州", "东莞", "佛山", "合肥", "厦门", "济南", "无锡", "福州", "沈阳",
];
const BRANCHES: [&str; 20] = [
    "科技",
    "贸易",
    "实业",
    "电子",
    "信息技术",
    "生物医药",
    "机械制造",
    "新材料",
    "餐饮管理",
    "建筑工程",
    "物流",
    "文化传媒",
    "网络技术",
    "环保科技",
    "食品",
    "服饰",
    "汽车零部件",
    "教育咨询",
    "能源",
    "医疗器械",
];
const FORMS: [&str; 6] = ["有限公司", "有限公司", "有限公司", "股份有限公司", "集团有限公司", "有限责任公司"];
/// Characters that company names are made of, where no list of real ones is given.
const SYLLABLES: &str = "鑫茂华盛恒泰宏达瑞祥永兴金龙天成中联信诚德隆嘉益东方海源康美凯旋博雅星辰云峰长青万通国安顺丰佳和新宇卓越创智远航力普\
    爱迪维科格林百合友邦同济正大光明雅士易捷聚贤汇丰融信启元思源";
const SURNAMES: &str =
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈";
const GIVEN: &str =
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲红玉建国华志海燕春梅宇浩然子轩欣怡佳晨雨婷思嘉俊雪晓东";

pub struct Names {
    short: Vec<String>,
    surnames: Vec<char>,
    given: Vec<char>,
}

impl Names {
    /// Short names from a text file, plain or gzipped, one a line; made up without one.
    pub fn load(file: Option<&Path>) -> std::io::Result<Names> {
        let short = match file {
            None => made_up(),
            Some(path) => {
                let mut text = String::new();
                let mut source = File::open(path)?;
                match path.extension().is_some_and(|e| e == "gz") {
                    true => GzDecoder::new(source).read_to_string(&mut text)?,
                    false => source.read_to_string(&mut text)?,
                };
                text.lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty() && l.len() <= 60).collect()
            }
        };
        Ok(Names { short, surnames: SURNAMES.chars().collect(), given: GIVEN.chars().collect() })
    }

    /// The short name of company `n`: the list in a mixed order, again and again.
    pub fn short(&self, n: u64) -> &str {
        // A prime larger than any list visits every entry once a round.
        let at = (n % self.short.len() as u64).wrapping_mul(1_000_000_007) % self.short.len() as u64;
        &self.short[at as usize]
    }

    /// 上海鑫茂科技有限公司
    pub fn company(&self, n: u64, city: &str) -> String {
        let mut dice = Dice::of(Kind::Name, n);
        format!("{city}{}{}{}", self.short(n), dice.pick(&BRANCHES), dice.pick(&FORMS))
    }

    pub fn person(&self, dice: &mut Dice) -> String {
        let surname = self.surnames[dice.below(self.surnames.len() as u64) as usize];
        let mut name = String::from(surname);
        for _ in 0..=u64::from(dice.percent(70)) {
            name.push(self.given[dice.below(self.given.len() as u64) as usize]);
        }
        name
    }
}

fn made_up() -> Vec<String> {
    let syllables: Vec<char> = SYLLABLES.chars().filter(|c| !c.is_whitespace()).collect();
    (0..50_000)
        .map(|n| {
            let mut dice = Dice::of(Kind::Name, n);
            let length = 2 + dice.below(3);
            (0..length).map(|_| syllables[dice.below(syllables.len() as u64) as usize]).collect()
        })
        .collect()
}
