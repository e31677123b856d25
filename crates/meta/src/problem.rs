//! The error body, `application/problem+json` (RFC 9457), in the reader's language.

use crate::text::{Label, Lang};
use serde::{Deserialize, Serialize};

/// One fault of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemItem {
    /// Field key, or a JSON path into the body; empty where the record as a whole is meant.
    pub field: String,
    pub code: String,
    pub message: String,
}

/// What every failed call answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    #[serde(default)]
    pub instance: String,
    pub code: String,
    #[serde(default)]
    pub request_id: String,
    #[serde(default)]
    pub errors: Vec<ProblemItem>,
    /// On 412: the version that is current now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_version: Option<i64>,
}

/// Declares the codes once: name, HTTP status, both texts. `{…}` are filled from the arguments in order.
macro_rules! codes {
    ($($name:ident $status:literal $key:literal $zh:literal $en:literal;)+) => {
        /// Everything that can be wrong, with its HTTP status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($name),+ }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            pub const fn key(self) -> &'static str { match self { $(Code::$name => $key),+ } }

            pub const fn status(self) -> u16 { match self { $(Code::$name => $status),+ } }

            pub const fn text(self) -> Label { match self { $(Code::$name => Label::new($zh, $en)),+ } }
        }
    };
}

codes! {
    // Whole requests
    BadRequest 400 "bad_request" "请求无法理解：{}" "The request could not be understood: {}";
    MalformedJson 400 "malformed_json" "请求正文不是有效的 JSON：{}" "The body is not valid JSON: {}";
    UnknownParameter 400 "unknown_parameter" "未知参数“{}”" "Unknown parameter “{}”";
    UnknownField 400 "unknown_field" "未知字段“{}”" "Unknown field “{}”";
    UnknownOperator 400 "unknown_operator" "字段“{}”不支持运算“{}”" "Field “{}” does not support operator “{}”";
    BadValue 400 "bad_value" "“{}”的值无效：{}" "Invalid value for “{}”: {}";
    BadCursor 400 "bad_cursor" "分页游标无效或已过期" "The page cursor is not valid for this query";
    TooComplex 400 "too_complex" "条件过于复杂：{}" "The query is too complex: {}";
    Unauthenticated 401 "unauthenticated" "请先登录" "Sign in first";
    BadCredentials 401 "bad_credentials" "用户名或密码不正确" "The user name or the password is wrong";
    ChallengeOver 401 "challenge_over" "此次登录已失效，请重新登录" "This sign-in took too long or is over; start again";
    LinkOver 401 "link_over" "链接无效、已使用或已过期，请向管理员索取新的链接" "The link is not valid, was used, or is over; ask your administrator for another";
    TokenExpired 401 "token_expired" "登录已过期，请重新登录" "The sign-in has expired";
    SignInRefused 403 "sign_in_refused" "身份已确认，但不能登录：{}" "It is known who you are, but you may not sign in: {}";
    DirectoryAway 503 "directory_away" "暂时无法连接公司目录，请稍后再试" "The company's directory cannot be reached; try again shortly";
    Forbidden 403 "forbidden" "没有执行此操作的权限：{}" "You may not do this: {}";
    ReadOnlyView 403 "read_only_view" "正在以他人身份查看，不能做任何更改" "You are looking as somebody else: nothing can be changed";
    NotFound 404 "not_found" "找不到该记录，或无权查看" "There is no such thing, or you may not see it";
    MethodNotAllowed 405 "method_not_allowed" "此地址不支持该方法" "This address does not support that method";
    UnknownClient 400 "unknown_client" "没有这个应用，或回调地址与登记的不一致" "There is no such application, or the redirect address is not one of its own";
    RequestTimeout 408 "request_timeout" "请求传输过慢，已中断" "The request arrived too slowly";
    Conflict 409 "conflict" "与现有数据冲突：{}" "This conflicts with existing data: {}";
    Stale 412 "stale" "记录已被他人修改，请刷新后重试" "Someone has changed this record since; reload it";
    TooLarge 413 "too_large" "内容过大，上限为 {}" "Too large; the limit is {}";
    UnsupportedMedia 415 "unsupported_media" "不支持的内容类型：{}" "Unsupported content type: {}";
    RangeNotSatisfiable 416 "range_not_satisfiable" "所请求的部分超出文件" "The part that was asked for is not within the file";
    Invalid 422 "invalid" "有 {} 处需要修改" "Corrections needed: {}";
    IdempotencyMismatch 422 "idempotency_mismatch" "同一 Idempotency-Key 已用于不同的请求" "This Idempotency-Key was used with another request";
    LockedOut 429 "locked_out" "尝试次数过多，请 {} 秒后再试" "Too many attempts; try again in {} s";
    RateLimited 429 "rate_limited" "请求过于频繁，请稍后再试" "Too many requests; try again later";
    Internal 500 "internal" "服务器内部错误，请凭请求编号联系管理员" "Something failed on our side; quote the request id";
    Unavailable 503 "unavailable" "服务繁忙，请稍后再试" "The service is busy; try again shortly";
    // Fields
    NotReachable 422 "not_reachable" "无法使用：{}" "This does not work: {}";
    Required 422 "required" "必填" "Required";
    WrongType 422 "wrong_type" "类型不正确，应为{}" "Wrong type; expected {}";
    TooShort 422 "too_short" "至少 {} 个字符" "At least {} characters";
    TooLong 422 "too_long" "最多 {} 个字符" "At most {} characters";
    TooSmall 422 "too_small" "不能小于 {}" "Must not be less than {}";
    TooBig 422 "too_big" "不能大于 {}" "Must not be greater than {}";
    TooPrecise 422 "too_precise" "最多 {} 位小数" "At most {} decimal places";
    NotAnOption 422 "not_an_option" "“{}”不是可选值" "“{}” is not one of the options";
    BadPhone 422 "bad_phone" "电话号码不正确" "Not a telephone number";
    BadEmail 422 "bad_email" "邮箱地址不正确" "Not an e-mail address";
    BadUrl 422 "bad_url" "网址不正确，应以 http:// 或 https:// 开头" "Not a web address; it starts with http:// or https://";
    BadDate 422 "bad_date" "日期不正确，应为 2026-11-24 的形式" "Not a date; write it like 2026-11-24";
    BadRedirect 422 "bad_redirect" "“{}”不能作为回调地址：应为 https 地址、本机回环地址或应用自有的协议，且不含片段" "“{}” cannot be a redirect address: https, a loopback address or a scheme of the application's own, without a fragment";
    BadUscc 422 "bad_uscc" "统一社会信用代码校验不通过" "Not a valid unified social credit code";
    BadIdCard 422 "bad_id_card" "身份证号校验不通过" "Not a valid identity number";
    BadCurrency 422 "bad_currency" "币种应为三位 ISO 4217 代码" "The currency is a three-letter ISO 4217 code";
    BadCode 422 "bad_code" "验证码不正确或已使用过" "The code is wrong, or was used before";
    BadPasskey 422 "bad_passkey" "通行密钥验证失败，请重试" "The passkey was not accepted; try again";
    PasswordClasses 422 "password_classes" "须包含小写字母、大写字母、数字、其他字符中的至少 {} 类" "Use at least {} of: small letters, capital letters, digits, other characters";
    PasswordCommon 422 "password_common" "这个密码太常见，容易被猜到" "Many people have such a password: it is easily guessed";
    PasswordOwn 422 "password_own" "密码与姓名、用户名、邮箱、手机或公司名称太接近" "Too close to the person's name, user name, address, number or company";
    PasswordUsed 422 "password_used" "不能使用最近用过的密码" "Used not long ago; choose another";
    BadKey 422 "bad_key" "只能用小写字母、数字和下划线，以字母开头" "Lower-case letters, digits and underscores only, starting with a letter";
    BadNetwork 422 "bad_network" "“{}”不是网络地址，应为 10.0.0.0/8 的形式" "“{}” is not a network; write it like 10.0.0.0/8";
    BadGeo 422 "bad_geo" "经纬度超出范围" "The coordinates are out of range";
    BeforeOther 422 "before_other" "不能早于“{}”" "Must not be before “{}”";
    NoSuchRecord 422 "no_such_record" "所引用的记录不存在或无权查看" "The record referred to does not exist, or you may not see it";
    NotWithin 422 "not_within" "不属于所选的“{}”" "Does not belong to the “{}” chosen";
    Taken 422 "taken" "已被其他记录使用" "Already used by another record";
    NotUnique 422 "not_unique" "现有 {} 条记录的“{}”都是“{}”，请先改为互不相同" "{} records have the same “{}” now, “{}”; make them differ first";
    ReadOnly 422 "read_only" "此字段不可修改" "This field cannot be changed";
    UnknownKey 422 "unknown_key" "没有这个字段" "There is no such field";
    // Rows of a file
    UnknownValue 422 "unknown_value" "找不到“{}”" "There is no “{}”";
    AmbiguousValue 422 "ambiguous_value" "“{}”不止对应一项" "“{}” means more than one thing";
    BadNumber 422 "bad_number" "“{}”不是数字" "“{}” is not a number";
    BadBoolean 422 "bad_boolean" "“{}”不是“是”或“否”" "“{}” is neither yes nor no";
    Duplicate 422 "duplicate" "与“{}”重复" "The same as “{}”";
    NoMatch 422 "no_match" "没有找到对应的记录" "No record matches";
    BadRow 422 "bad_row" "这一行无法读取：{}" "This row cannot be read: {}";
    ChangedSince 422 "changed_since" "导入之后又被修改过，保持不变" "Changed again after the import; left as it is";
    UsedSince 422 "used_since" "导入之后有人在其下添加了记录，保持不变" "Somebody has added records to it after the import; left as it is";
    NothingMapped 422 "nothing_mapped" "没有任何列对应到字段" "No column is mapped to a field";
    MappedTwice 422 "mapped_twice" "“{}”已对应到另一列" "“{}” is mapped to another column already";
    // Files
    FileUnreadable 422 "file_unreadable" "文件无法读取" "The file cannot be read";
    FileEmpty 422 "file_empty" "文件是空的" "The file is empty";
    FileTooLarge 413 "file_too_large" "文件过大" "The file is too large";
    FileOldExcel 422 "file_old_excel" "旧版 Excel 格式或有密码的文件；请另存为不带密码的 .xlsx" "The old Excel format, or protected by a password; save it as .xlsx without one";
    FileHtml 422 "file_html" "这是网页文件；请用表格软件打开后另存为 .xlsx" "A web page; open it in a spreadsheet program and save it as .xlsx";
    FileNotSpreadsheet 422 "file_not_spreadsheet" "不是表格文件，请上传 CSV、XLSX 或 NDJSON" "Not a spreadsheet; upload CSV, XLSX or NDJSON";
    FileUnknownEncoding 422 "file_unknown_encoding" "没有这种编码" "There is no such encoding";
    FileUnknownSheet 422 "file_unknown_sheet" "没有这个工作表" "There is no such sheet";
    FileUnknownHeaderRow 422 "file_unknown_header_row" "前 20 行里没有这一行，或该行为空" "There is no such row among the first 20, or it is blank";
    FileTooManyColumns 422 "file_too_many_columns" "列数过多" "Too many columns";
    FileDamaged 422 "file_damaged" "文件已损坏" "The file is damaged";
    SealedCondition 422 "sealed_condition" "“{}”是加密字段：保存的条件只能判断它是否为空" "“{}” is encrypted: a condition that is kept may only ask whether it is empty";
    SealedInUse 422 "sealed_in_use" "保存的条件仍在比较此字段的值，请先修改：{}" "Conditions that are kept compare this field; change them first: {}";
    NotSealed 422 "not_sealed" "“{}”未加密保存，不能定为机密；请先将该字段设为加密，或选择“敏感个人信息”" "“{}” is not encrypted and cannot be secret: encrypt the field first, or choose “Sensitive personal”";
    InUse 409 "in_use" "仍被其他记录引用：{}" "Still referred to by other records: {}";
    AppendOnly 422 "append_only" "此记录只能新增，不能修改或删除" "Entries are added here, never changed or taken away";
    ProcessingRestricted 422 "processing_restricted" "该记录已被限制处理，不能更改或导出" "Processing of this record is restricted: it is neither changed nor exported";
    LastAdministrator 422 "last_administrator" "这样就没有人能管理角色与权限了，请先把管理员角色交给另一位在职人员" "Nobody would be left who can manage roles and rights; give another active person such a role first";
    BelowItself 422 "below_itself" "不能在自己或自己的下级之下" "Nothing stands below itself or what is below it";
    NotPossible 422 "not_possible" "当前状态下不可执行：{}" "Not possible in the present state: {}";
}

/// Declares once what `WrongType` may have expected: its argument, and both texts.
macro_rules! expected {
    ($($key:literal $zh:literal $en:literal;)+) => {
        /// In words; what is not declared here stands for itself.
        fn expected(key: &str) -> Option<Label> {
            match key { $($key => Some(Label::new($zh, $en)),)+ _ => None }
        }

        #[cfg(test)]
        const EXPECTED: &[&str] = &[$($key),+];
    };
}

expected! {
    "text" "文本" "text";
    "line" "不含换行和控制字符的文本" "one line of text";
    "integer" "整数" "a whole number";
    "decimal" "数字" "a number";
    "boolean" "true 或 false" "true or false";
    "id" "记录编号" "the id of a record";
    "list" "列表" "a list";
    "address" "地址" "an address";
    "geo" "经纬度 {lat, lng}" "coordinates {lat, lng}";
}

impl Code {
    /// The message with its arguments filled in.
    pub fn message(self, lang: Lang, args: &[String]) -> String {
        // Of a field that the answer names beside it.
        if self == Code::BadValue && args.is_empty() {
            return Label::new("值无效", "Invalid value").get(lang).to_owned();
        }
        let text = self.text();
        let mut pieces = text.get(lang).split("{}");
        let mut out = pieces.next().unwrap_or("").to_owned();
        for (at, piece) in pieces.enumerate() {
            let arg = args.get(at).map_or("", String::as_str);
            let word = match self {
                Code::WrongType => expected(arg),
                Code::Forbidden => action(arg),
                _ => None,
            };
            match word {
                Some(label) => out.push_str(label.get(lang)),
                None => out.push_str(arg),
            }
            out.push_str(piece);
        }
        out
    }
}

/// What people call an action that they may not take.
fn action(key: &str) -> Option<Label> {
    Some(match key {
        "read" => Label::new("查看", "view"),
        "create" => Label::new("新建", "create"),
        "edit" => Label::new("编辑", "edit"),
        "delete" => Label::new("删除", "delete"),
        "transfer" => Label::new("转移负责人", "transfer"),
        "share" => Label::new("共享", "share"),
        "export" => Label::new("导出", "export"),
        "import" => Label::new("导入", "import"),
        "bulk_edit" => Label::new("批量操作", "change many at once"),
        "reveal" => Label::new("查看原文", "reveal"),
        "confidential" => Label::new("查看保密记录", "see confidential records"),
        "configure" => Label::new("配置", "configure"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_both_texts_take_the_same_arguments() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.key()), "{} twice", code.key());
            let text = code.text();
            assert_eq!(text.zh.matches("{}").count(), text.en.matches("{}").count(), "{}", code.key());
        }
    }

    #[test]
    fn types_are_named_in_the_language_of_the_message() {
        for key in EXPECTED {
            let args = [(*key).to_owned()];
            assert!(!Code::WrongType.message(Lang::Zh, &args).ends_with(key), "{key}");
        }
        assert_eq!(Code::WrongType.message(Lang::Zh, &["integer".to_owned()]), "类型不正确，应为整数");
        assert_eq!(Code::NotAnOption.message(Lang::Zh, &["integer".to_owned()]), "“integer”不是可选值");
    }

    #[test]
    fn arguments_fill_the_gaps_in_order() {
        let args = ["amount".to_owned(), "like".to_owned()];
        assert_eq!(Code::UnknownOperator.message(Lang::En, &args), "Field “amount” does not support operator “like”");
    }
}
