//! The four files of a sales team, unedited, as a new user would bring them in; of the longest its beginning. The whole of
//! it goes in through the browser.

use kezhan_tests::TestServer;
use kezhan_tests::import::{accept, column_of, fixture, plan};
use serde_json::{Value, json};

fn read(name: &str) -> Vec<u8> {
    std::fs::read(fixture("crm-sales").join(name)).unwrap()
}

/// Deals of the pipeline that are brought in.
const DEALS: usize = 1_500;

/// The head of a file and its first rows.
fn beginning(name: &str, rows: usize) -> String {
    let text = String::from_utf8(read(name)).unwrap();
    text.split_inclusive('\n').take(rows + 1).collect()
}

fn fields(upload: &Value) -> Vec<&str> {
    upload["mapping"].as_array().unwrap().iter().map(|m| m["field"].as_str().unwrap_or("-")).collect()
}

#[test]
fn four_files_become_a_pipeline() {
    let server = TestServer::new();
    let api = server.admin();
    // Accounts: a near miss of an industry, parents that come later in the file.
    let upload = api.upload("accounts.csv", read("accounts.csv"));
    assert_eq!(upload["object"], "account");
    assert_eq!(fields(&upload), ["name", "industry", "founded", "annual_revenue", "employees", "country", "parent"]);
    let mut accounts = plan(&upload);
    let preview = api.preview(&accounts);
    assert_eq!(preview["rows"], 85);
    assert_eq!(preview["counts"], json!({ "create": 73, "update": 0, "skip": 0, "fail": 12, "delete": 0 }));
    let unresolved = &preview["unresolved"][0]["values"][0];
    assert_eq!((&unresolved["value"], &unresolved["count"]), (&json!("technolgy"), &json!(12)));
    assert_eq!(unresolved["proposals"][0]["value"], "technology");
    assert_eq!(preview["problems"][0]["proposal"]["label"], "Technology");
    accept(&mut accounts, &preview);
    let preview = api.preview(&accounts);
    assert_eq!(preview["counts"]["create"], 85, "{}", preview["problems"]);
    let job = api.import(&accounts);
    assert_eq!(job["progress"]["created"], 85);
    assert_eq!(job["progress"]["failed"], 0);
    assert_eq!(job["progress"]["warnings"], 0);
    let with_parent = api.get("/accounts?parent[null]=false&count=exact&expand=parent&limit=200").ok();
    assert_eq!(with_parent["count"], 15);
    let betatech = api.get("/accounts?name=Betatech").ok();
    assert_eq!(betatech["data"][0]["country"], "Kenya");
    assert_eq!(betatech["data"][0]["annual_revenue"], "647.18");

    // Products.
    let upload = api.upload("products.csv", read("products.csv"));
    assert_eq!(upload["object"], "product");
    assert_eq!(fields(&upload), ["name", "series", "price"]);
    assert_eq!(api.import(&plan(&upload))["progress"]["created"], 7);

    // Teams: managers and offices are nowhere yet.
    let upload = api.upload("sales_teams.csv", read("sales_teams.csv"));
    assert_eq!(upload["object"], "user");
    assert_eq!(fields(&upload), ["name", "manager", "home_department"]);
    let mut teams = plan(&upload);
    let preview = api.preview(&teams);
    assert_eq!(preview["counts"]["fail"], 35);
    column_of(&mut teams, "manager")["unknown"] = json!("create");
    column_of(&mut teams, "home_department")["unknown"] = json!("create");
    let preview = api.preview(&teams);
    assert_eq!(preview["counts"]["create"], 35, "{preview}");
    assert_eq!(
        preview["will_create"].as_array().unwrap().iter().map(|w| w["count"].as_i64().unwrap()).collect::<Vec<_>>(),
        [3, 6]
    );
    let job = api.import(&teams);
    assert_eq!((&job["progress"]["created"], &job["progress"]["parents"]), (&json!(35), &json!(9)));
    let anna = api.get("/users?name=Anna%20Snelling&expand=manager,home_department").ok();
    let anna = &anna["data"][0];
    assert_eq!(anna["expand"]["manager"]["name"], "Dustin Brinkmann");
    assert_eq!(anna["expand"]["home_department"]["name"], "Central");
    assert_eq!((&anna["status"], &anna["username"]), (&json!("invited"), &json!("anna.snelling")));

    // The pipeline: American dates, GTXPro.
    let pipeline = beginning("sales_pipeline.csv", DEALS);
    let rows: Vec<Vec<&str>> = pipeline.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let misspelt = rows.iter().filter(|row| row[2] == "GTXPro").count();
    let won: Vec<f64> = rows.iter().filter(|row| row[4] == "Won").map(|row| row[7].parse().unwrap()).collect();
    assert!(rows.len() == DEALS && misspelt > 100 && won.len() > 500);
    let upload = api.upload("sales_pipeline.csv", pipeline.clone());
    assert_eq!(upload["object"], "opportunity");
    let expected = ["external_id", "owner", "product", "account", "stage", "engaged_on", "closed_on", "amount"];
    assert_eq!(fields(&upload), expected);
    let mut deals = plan(&upload);
    let preview = api.preview(&deals);
    assert_eq!(preview["counts"]["fail"], misspelt, "{}", preview["problems"]);
    let gtx = &preview["unresolved"][0]["values"][0];
    assert_eq!((&gtx["value"], &gtx["count"]), (&json!("GTXPro"), &json!(misspelt)));
    assert_eq!(gtx["proposals"][0]["label"], "GTX Pro");
    assert!(preview["dates"].as_array().unwrap().iter().all(|d| d["order"] == "month_first" && d["certain"] == true));
    accept(&mut deals, &preview);
    let job = api.import(&deals);
    assert_eq!((&job["progress"]["created"], &job["progress"]["failed"]), (&json!(DEALS), &json!(0)), "{job}");

    let ask = json!({
        "filter": { "field": "outcome", "op": "eq", "value": "won" },
        "aggregates": [{ "fn": "count" }, { "fn": "sum", "field": "amount", "as": "total" }],
    });
    let told = api.post("/opportunities/query", &ask).ok();
    assert_eq!(told["data"][0]["count"], won.len());
    assert_eq!(told["data"][0]["total"].as_str().unwrap().parse::<f64>().unwrap(), won.iter().sum::<f64>());
    let one = api.get("/opportunities?external_id=Z063OYW0&expand=owner,product,account,stage").ok();
    let one = &one["data"][0];
    assert_eq!((&one["engaged_on"], &one["closed_on"]), (&json!("2016-10-25"), &json!("2017-03-11")));
    assert_eq!(one["expand"]["owner"]["name"], "Darcel Schlecht");
    assert_eq!(one["expand"]["product"]["name"], "GTX Pro");
    assert_eq!(one["expand"]["account"]["name"], "Isdom");
    // The company's own stages are known by their English names.
    assert_eq!((&one["expand"]["stage"]["name"], &one["probability"]), (&json!("赢单"), &json!("100")));

    // The same file again changes nothing, and its mapping is known.
    let again = api.upload("sales_pipeline.csv", pipeline);
    assert_eq!(again["remembered"], true);
    let preview = api.preview(&plan(&again));
    assert_eq!(preview["counts"], json!({ "create": 0, "update": 0, "skip": DEALS, "fail": 0, "delete": 0 }));
}
