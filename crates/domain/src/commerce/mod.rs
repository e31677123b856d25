//! Quote to cash; for now, what we sell.

use kezhan_derive::Object;
use kezhan_meta::{LongText, Money, Tags};
use serde::{Deserialize, Serialize};

/// Something that we sell.
#[derive(Clone, Debug, Serialize, Deserialize, Object)]
#[object(name = "product", plural = "products", zh = "产品", en = "Product", en_many = "Products",
    area = Commerce, icon = "package", title = "name", tenant, listed)]
pub struct Product {
    #[field(zh = "产品名称", en = "Name", search, indexed, list, length(1, 200))]
    pub name: String,
    #[field(zh = "产品编码", en = "Code", search, unique, list, length(1, 100))]
    pub code: Option<String>,
    /// Series or category.
    #[field(zh = "产品系列", en = "Series", help = "系列或类别。", indexed, list, length(1, 100))]
    pub series: Option<String>,
    #[field(zh = "标准价格", en = "Price", indexed, list, range("0", ""))]
    pub price: Option<Money>,
    #[field(zh = "币种", en = "Currency", rule = Currency, default = "CNY")]
    pub currency: Option<String>,
    #[field(zh = "单位", en = "Unit", length(1, 20))]
    pub unit: Option<String>,
    #[field(zh = "上架", en = "On sale", indexed, list, default = true)]
    pub active: bool,
    #[field(zh = "标签", en = "Tags", indexed)]
    pub tags: Option<Tags>,
    #[field(zh = "产品说明", en = "Description")]
    pub description: Option<LongText>,
    #[field(zh = "外部编号", en = "External ID", unique, length(1, 100))]
    pub external_id: Option<String>,
}
