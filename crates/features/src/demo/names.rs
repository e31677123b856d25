//! People's names, with the letters that their addresses are made of.

use super::random::Random;

pub struct Name {
    /// As it is written.
    pub full: String,
    /// How one speaks of them: 王经理 needs only the 王.
    pub surname: String,
    /// The local part of an address.
    pub mailbox: String,
    pub female: bool,
}

/// Most frequent first.
const SURNAMES: &str = "\
    王wang 李li 张zhang 刘liu 陈chen 杨yang 黄huang 赵zhao 吴wu 周zhou 徐xu 孙sun 马ma 朱zhu 胡hu 郭guo \
    何he 林lin 高gao 罗luo 郑zheng 梁liang 谢xie 宋song 唐tang 许xu 韩han 冯feng 邓deng 曹cao 彭peng \
    曾zeng 肖xiao 田tian 董dong 潘pan 袁yuan 蔡cai 蒋jiang 余yu 于yu 杜du 叶ye 程cheng 魏wei 苏su 吕lv \
    丁ding 沈shen 任ren 姚yao 卢lu 傅fu 钟zhong 姜jiang 崔cui 谭tan 廖liao 范fan 汪wang 陆lu 金jin \
    石shi 戴dai 贾jia 夏xia 邱qiu 方fang 邹zou 欧阳ouyang";

const MALE: &str = "\
    伟wei 强qiang 磊lei 军jun 勇yong 杰jie 涛tao 明ming 超chao 鹏peng 辉hui 刚gang 浩hao 斌bin \
    浩然haoran 子豪zihao 宇轩yuxuan 志强zhiqiang 建华jianhua 国栋guodong 俊峰junfeng 海涛haitao \
    文博wenbo 思源siyuan 家豪jiahao 晓东xiaodong 永刚yonggang 立新lixin 少华shaohua 振宇zhenyu \
    一鸣yiming 天佑tianyou 嘉伟jiawei 泽宇zeyu 建军jianjun 卫东weidong 志远zhiyuan 德明deming \
    光明guangming 学文xuewen 宏伟hongwei 金龙jinlong 世杰shijie 冠宇guanyu 承志chengzhi 润泽runze \
    景行jingxing 启航qihang";

const FEMALE: &str = "\
    芳fang 娜na 敏min 静jing 丽li 艳yan 娟juan 霞xia 婷ting 雪xue 倩qian 琳lin 秀英xiuying 桂兰guilan \
    丽华lihua 晓燕xiaoyan 雨桐yutong 梓涵zihan 欣怡xinyi 思雨siyu 佳怡jiayi 婉清wanqing 美玲meiling \
    淑贞shuzhen 海燕haiyan 春梅chunmei 慧敏huimin 若兰ruolan 诗涵shihan 雅琴yaqin 文静wenjing 丹dan \
    莉li 颖ying 冬梅dongmei 晓雯xiaowen 嘉欣jiaxin 梦洁mengjie 可馨kexin 玉珍yuzhen 红hong 玲ling 芸yun \
    舒雅shuya";

const WESTERN_MALE: [&str; 14] = [
    "Thomas", "Martin", "Daniel", "Michael", "Stephen", "Lukas", "Patrick", "David", "Andrew", "Peter", "Simon",
    "Benjamin", "Richard", "Gregory",
];

const WESTERN_FEMALE: [&str; 14] = [
    "Anna", "Laura", "Sophie", "Julia", "Claire", "Emma", "Nina", "Helen", "Katrin", "Camille", "Rachel", "Olivia",
    "Ingrid", "Monique",
];

const WESTERN_FAMILY: [&str; 30] = [
    "Keller",
    "Hoffmann",
    "Brandt",
    "Vogel",
    "Lindner",
    "Bennett",
    "Hughes",
    "Coleman",
    "Foster",
    "Whitfield",
    "Moreau",
    "Lefèvre",
    "Girard",
    "Dubois",
    "Harper",
    "Sullivan",
    "Marsh",
    "Thornton",
    "Weber",
    "Schäfer",
    "Caldwell",
    "Ellison",
    "Roussel",
    "Pemberton",
    "Krüger",
    "Ashworth",
    "Delacroix",
    "Winters",
    "Novak",
    "Hale",
];

const JAPANESE_MALE: &str = "健一kenichi 大輔daisuke 拓也takuya 翔太shota 直樹naoki 誠makoto";

const JAPANESE_FEMALE: &str = "美咲misaki 陽子yoko 由美yumi 恵子keiko 真由美mayumi 愛ai";

const JAPANESE_FAMILY: &str = "\
    佐藤sato 鈴木suzuki 高橋takahashi 田中tanaka 渡辺watanabe 伊藤ito 山本yamamoto 中村nakamura \
    小林kobayashi 加藤kato 吉田yoshida 山田yamada";

/// Where a person's name comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Chinese,
    Western,
    Japanese,
}

/// `王wang` apart: what is written, and its letters.
pub fn spelled(text: &'static str) -> Vec<(&'static str, &'static str)> {
    let apart = |word: &'static str| word.split_at(word.find(|c: char| c.is_ascii()).unwrap_or(word.len()));
    text.split_whitespace().map(apart).collect()
}

/// All names there are, ready to be picked from.
pub struct Names {
    surnames: Vec<(&'static str, &'static str)>,
    given: [Vec<(&'static str, &'static str)>; 2],
    japanese_surnames: Vec<(&'static str, &'static str)>,
    japanese_given: [Vec<(&'static str, &'static str)>; 2],
}

impl Names {
    pub fn new() -> Names {
        Names {
            surnames: spelled(SURNAMES),
            given: [spelled(MALE), spelled(FEMALE)],
            japanese_surnames: spelled(JAPANESE_FAMILY),
            japanese_given: [spelled(JAPANESE_MALE), spelled(JAPANESE_FEMALE)],
        }
    }

    pub fn name(&self, random: &mut Random, origin: Origin) -> Name {
        let female = random.percent(42);
        let (surnames, given) = match origin {
            Origin::Western => return western(random, female),
            // Half of all people share the first few surnames.
            Origin::Chinese if random.percent(50) => (&self.surnames[..14], &self.given),
            Origin::Chinese => (&self.surnames[..], &self.given),
            Origin::Japanese => (&self.japanese_surnames[..], &self.japanese_given),
        };
        let (surname, sound) = random.pick(surnames);
        let (given, given_sound) = random.pick(&given[usize::from(female)]);
        let space = if origin == Origin::Japanese { " " } else { "" };
        Name {
            full: format!("{surname}{space}{given}"),
            surname: (*surname).to_owned(),
            mailbox: format!("{sound}.{given_sound}"),
            female,
        }
    }
}

fn western(random: &mut Random, female: bool) -> Name {
    let given = random.pick(if female { &WESTERN_FEMALE } else { &WESTERN_MALE });
    let family = random.pick(&WESTERN_FAMILY);
    let mailbox = kezhan_meta::rules::text::fold(&format!("{given}.{family}"));
    Name { full: format!("{given} {family}"), surname: (*family).to_owned(), mailbox, female }
}
