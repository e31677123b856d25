//! What the company sells, and how a sale goes.

use super::world::{DAYS, World};
use crate::sales::pipeline as standard;
use serde_json::json;
use uuid::Uuid;

#[derive(Clone, Debug)]
pub struct Product {
    pub id: Uuid,
    pub name: &'static str,
    pub series: &'static str,
    /// Yuan.
    pub price: i64,
}

#[derive(Clone, Debug)]
pub struct Stage {
    pub id: Uuid,
    pub outcome: &'static str,
    pub probability: i64,
}

pub struct Offer {
    pub products: Vec<Product>,
    pub pipeline: Uuid,
    pub stages: Vec<Stage>,
}

/// Index of the stage after the last open one.
pub const WON: usize = 4;
pub const LOST: usize = 5;

/// Code, name, series, yuan, unit, description.
const PRODUCTS: [(&str, &str, &str, i64, &str, &str); 25] = [
    ("EG-100", "边缘网关 EG-100", "边缘网关", 1280, "台", "4 路串口，适合单台设备联网"),
    ("EG-200", "边缘网关 EG-200", "边缘网关", 3680, "台", "8 路串口与 4G，适合一条产线"),
    ("EG-500", "边缘网关 EG-500", "边缘网关", 8900, "台", "本地计算与断点续传，适合车间"),
    ("EG-900", "边缘服务器 EG-900", "边缘网关", 26800, "台", "机架式，支持视觉算法"),
    ("TH-10", "温湿度传感器 TH-10", "工业传感", 199, "只", "仓库与冷链温湿度监测"),
    ("VB-20", "振动传感器 VB-20", "工业传感", 1450, "只", "旋转设备状态监测"),
    ("EM-30", "智能电表 EM-30", "工业传感", 860, "只", "三相电能计量"),
    ("VS-40", "视觉相机 VS-40", "工业传感", 5600, "台", "缺陷检测与读码"),
    ("GS-15", "气体传感器 GS-15", "工业传感", 720, "只", "可燃与有毒气体"),
    ("WMS-S", "仓易 WMS 标准版", "仓易 WMS", 48000, "套/年", "单仓，20 个用户"),
    ("WMS-P", "仓易 WMS 专业版", "仓易 WMS", 128000, "套", "多仓、批次与波次"),
    ("WMS-E", "仓易 WMS 企业版", "仓易 WMS", 268000, "套", "多货主与自动化设备对接"),
    ("WMS-T", "手持终端授权", "仓易 WMS", 1200, "个", "PDA 与平板"),
    ("MES-B", "产线通 MES 基础版", "产线通 MES", 88000, "套", "报工、排产与看板"),
    ("MES-P", "产线通 MES 专业版", "产线通 MES", 198000, "套", "工艺、质量与设备"),
    ("MES-G", "产线通 MES 集团版", "产线通 MES", 458000, "套", "多工厂协同"),
    ("MES-Q", "质量追溯模块", "产线通 MES", 65000, "套", "一物一码，正反向追溯"),
    ("MES-D", "设备接入包", "产线通 MES", 26000, "包", "20 台设备以内"),
    ("IOT-D", "数据看板", "云栈平台", 36000, "年", "大屏与移动端"),
    ("IOT-S", "物联平台标准版", "云栈平台", 60000, "年", "500 个测点"),
    ("IOT-X", "物联平台私有化部署", "云栈平台", 380000, "套", "不限测点，含高可用"),
    ("SV-I", "实施服务", "服务", 2800, "人天", "调研、部署与联调"),
    ("SV-T", "现场培训", "服务", 6000, "天", "操作员与管理员"),
    ("SV-M", "年度维保", "服务", 30000, "年", "7×12 响应，含升级"),
    ("SV-D", "定制开发", "服务", 3500, "人天", "接口与报表"),
];

pub fn set_up(world: &mut World, admin: Option<Uuid>) -> Offer {
    let opening = world.days_ago(DAYS + 20);
    let at = world.working_time(opening);
    let pipeline = world.id(at);
    world.create("pipeline", pipeline, at, admin, standard::pipeline());
    let mut stages = Vec::new();
    for (values, (_, _, outcome, probability)) in standard::stages(pipeline).zip(standard::STAGES) {
        let id = world.id(at);
        world.create("stage", id, at, admin, values);
        stages.push(Stage { id, outcome, probability });
    }
    let mut products = Vec::new();
    for (code, name, series, price, unit, description) in PRODUCTS {
        let id = world.id(at);
        let values = json!({
            "name": name,
            "code": code,
            "series": series,
            "price": price.to_string(),
            "currency": "CNY",
            "unit": unit,
            "active": true,
            "description": description,
        });
        world.create("product", id, at, admin, values);
        products.push(Product { id, name, series, price });
    }
    Offer { products, pipeline, stages }
}
