//! What is measured.

use super::cluster::Cluster;
use super::company::{self, ADMIN, GUEST, LEADER, MEMBER, SELECTIVE};
use super::http::{Client, Request};
use super::names::Names;
use super::server::Server;
use serde_json::{Value, json};

/// Different requests of one case; the load goes round them.
pub const VARIANTS: usize = 64;
/// Rows on a page.
const PAGE: i64 = 50;
const DEEP_PAGE: i64 = 10_000;

pub struct Case {
    pub name: &'static str,
    pub user: &'static str,
    /// The n-th request. Writes must never repeat one.
    pub make: Box<dyn Fn(u64) -> Request + Sync>,
    /// Creates: the id is new at each execution of the raw SQL too.
    pub creates: bool,
    /// Fewest items that each answer must have.
    pub at_least: usize,
    /// The slow ones get fewer connections' worth of scripts.
    pub variants: usize,
}

impl Case {
    fn reads(name: &'static str, user: &'static str, requests: Vec<Request>, at_least: usize) -> Case {
        let variants = requests.len().min(VARIANTS);
        let make = Box::new(move |n: u64| requests[n as usize % requests.len()].clone());
        Case { name, user, make, creates: false, at_least, variants }
    }
}

pub fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

pub fn all(cluster: &Cluster, database: &str, server: &Server, names: &Names) -> Vec<Case> {
    let (admin, leader, member, selective, guest) = (ADMIN.1, LEADER.1, MEMBER.1, SELECTIVE.1, GUEST.1);
    let team = company::department(company::department_of(MEMBER.0));
    // Spread over the table, as a day's work is.
    let ids = cluster.lines(
        database,
        &format!(
            "SELECT id::text AS line FROM accounts WHERE department_id = '{team}' ORDER BY md5(id::text) LIMIT 512"
        ),
    );
    let list = |query: &str| vec![Request::get(format!("/api/v1/accounts?{query}"))];
    let reads = ids.iter().map(|id| Request::get(format!("/api/v1/accounts/{id}"))).collect();
    let industries = ["software", "retail", "finance", "medical", "education", "energy", "trade", "logistics"];
    let by_revenue = || {
        let one = |i: &&str| Request::get(format!("/api/v1/accounts?industry={i}&sort=-annual_revenue"));
        industries.iter().map(one).collect::<Vec<_>>()
    };
    let pairs: Vec<String> = (0..VARIANTS as u64).map(|n| two_characters(names, n * 7_919)).collect();
    let search = |path: &str| pairs.iter().map(|q| Request::get(format!("{path}?q={}", encode(q)))).collect::<Vec<_>>();
    let by_stage = json!({
        "group_by": ["stage"],
        "aggregates": [{ "fn": "count" }, { "fn": "sum", "field": "amount", "as": "total" }],
    });
    let group = || vec![Request::with("POST", "/api/v1/opportunities/query", &by_stage)];
    let some: Vec<String> = (0..7).map(|n| company::department(company::TEAMS_FROM + n * 6).to_string()).collect();
    let chosen = list(&format!("limit=50&department%5Bin%5D={}", some.join(",")));
    // What hangs on an account is its owner's too.
    let contacts = vec![Request::get("/api/v1/contacts?limit=50".to_owned())];
    let mut cases = vec![
        Case::reads("read by id", member, reads, 0),
        Case::reads("50 newest, department", member, list("limit=50"), 50),
        Case::reads("50 newest, branch", leader, list("limit=50"), 50),
        Case::reads("50 newest, everything", admin, list("limit=50"), 50),
        Case::reads("50 newest, chosen departments", admin, chosen, 50),
        Case::reads("50 newest, condition", selective, list("limit=50"), 50),
        Case::reads("50 newest, own and shared", guest, list("limit=50"), 50),
        Case::reads("other order, everything", admin, list("limit=50&sort=-annual_revenue"), 50),
        Case::reads("other order, department", member, list("limit=50&sort=-annual_revenue"), 50),
        Case::reads("other order, branch", leader, list("limit=50&sort=-annual_revenue"), 50),
        Case::reads("other order, condition", selective, list("limit=50&sort=-annual_revenue"), 50),
        Case::reads("other order, own and shared", guest, list("limit=50&sort=-annual_revenue"), 50),
        Case::reads("50 newest contacts, everything", admin, contacts.clone(), 50),
        Case::reads("50 newest contacts, department", member, contacts.clone(), 50),
        Case::reads("50 newest contacts, own and shared", guest, contacts, 50),
        Case::reads("filter + sort, everything", admin, by_revenue(), 50),
        Case::reads("filter + sort, department", member, by_revenue(), 1),
        Case::reads("search accounts, 2 characters", member, search("/api/v1/accounts"), 0),
        Case::reads("search accounts, everything", admin, search("/api/v1/accounts"), 0),
        Case::reads("search all objects", member, search("/api/v1/search"), 0),
    ];
    if let Some(deep) = deep_pages(cluster, database, server) {
        cases.push(Case::reads("page 10,000", admin, deep, 50));
    }
    cases.push(Case {
        name: "create",
        user: member,
        make: Box::new(create(names)),
        creates: true,
        at_least: 0,
        variants: VARIANTS,
    });
    cases.push(Case {
        name: "update",
        user: member,
        make: Box::new(move |n| {
            let path = format!("/api/v1/accounts/{}", ids[n as usize % ids.len()]);
            Request::with("PATCH", path, json!({ "employees": n % 9_999_991 }))
        }),
        creates: false,
        at_least: 0,
        variants: ids_of_update(),
    });
    cases.push(Case::reads("group by, department", member, group(), 1));
    cases.push(Case::reads("group by, everything", admin, group(), 1));
    cases
}

/// Enough rows that clients seldom wait for each other's.
const fn ids_of_update() -> usize {
    128
}

/// Somewhere in the short name of some company.
fn two_characters(names: &Names, n: u64) -> String {
    (n..).map(|n| names.short(n).chars().take(2).collect::<String>()).find(|s| s.chars().count() == 2).unwrap()
}

fn create(names: &Names) -> impl Fn(u64) -> Request + use<> {
    let names: Vec<String> = (0..1_000).map(|n| names.company(n * 31, "上海")).collect();
    move |n| {
        let name = format!("{} {n}", names[n as usize % names.len()]);
        let body = json!({
            "name": name, "level": "b", "industry": "software", "source": "referral", "phone": "021-62881234",
            "email": format!("n{n}@example.com"), "city": "上海", "employees": n % 500, "annual_revenue": "1250000",
            "tags": ["重点"], "notes": "来自展会的新客户",
        });
        Request::with("POST", "/api/v1/accounts", body)
    }
}

/// Page 10,000 of everything, or the last but one where there are fewer, and the pages before it.
fn deep_pages(cluster: &Cluster, database: &str, server: &Server) -> Option<Vec<Request>> {
    let count = cluster.number(database, "SELECT count(*) AS n FROM accounts WHERE deleted_at IS NULL");
    let page = DEEP_PAGE.min(count / PAGE - 1);
    let row = |n: i64| {
        format!(
            "SELECT to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS line FROM accounts \
                 WHERE deleted_at IS NULL ORDER BY created_at DESC, id DESC OFFSET {n} LIMIT 1"
        )
    };
    let token = server.sign_in(ADMIN.1);
    let mut client = Client::connect(server.addr, &token).ok()?;
    let mut out = Vec::new();
    for page in (page - 7..=page).filter(|p| *p > 1) {
        let at = cluster.lines(database, &row((page - 1) * PAGE - 1)).pop()?;
        let path = format!("/api/v1/accounts?fields=id&limit=1&created_at%5Blte%5D={}", encode(&at));
        let answer: Value = client.send(&Request::get(path)).ok()?.json();
        out.push(Request::get(format!("/api/v1/accounts?limit=50&cursor={}", answer["next_cursor"].as_str()?)));
    }
    (!out.is_empty()).then_some(out)
}
