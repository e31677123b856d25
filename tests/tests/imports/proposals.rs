//! What the server proposes can be sent back; what it would make is asked about where it is nearly there.

use kezhan_tests::TestServer;
use kezhan_tests::import::{accept, column_of, plan};
use serde_json::json;

#[test]
fn a_proposed_mapping_is_accepted_as_it_is() {
    let server = TestServer::new();
    let api = server.admin();
    let upload = api.upload("products.csv", "产品名称,价格\n甲,5\n");
    assert!(upload["mapping"][0]["score"].as_f64().unwrap() > 0.0);
    let plan = json!({ "upload": upload["id"], "object": upload["object"], "columns": upload["mapping"] });
    assert_eq!(api.preview(&plan)["counts"]["create"], 1);
    assert_eq!(api.import(&plan)["progress"]["created"], 1);
    // Also when it was remembered.
    let again = api.upload("products.csv", "产品名称,价格\n乙,5\n");
    assert_eq!(again["remembered"], true);
    let plan = json!({ "upload": again["id"], "object": again["object"], "columns": again["mapping"] });
    assert_eq!(api.import(&plan)["progress"]["created"], 1);
}

#[test]
fn what_would_be_made_is_asked_about_where_it_is_nearly_there() {
    let server = TestServer::new();
    let api = server.admin();
    let product = api.create("products", json!({ "name": "GTX Pro" }));
    let csv = "商机名称,主要产品\n甲,GTXPro\n乙,全新产品\n丙,gtxpro\n丁,GTXPro\n";
    let upload = api.upload("商机.csv", csv);
    let mut deals = plan(&upload);
    column_of(&mut deals, "product")["unknown"] = json!("create");
    let preview = api.preview(&deals);
    assert_eq!(preview["counts"]["create"], 4);
    let values = preview["unresolved"][0]["values"].as_array().unwrap();
    // The new name is like no other; the other is two spellings of one that is there.
    let told: Vec<_> = values.iter().map(|v| json!([v["value"], v["count"], v["creates"]])).collect();
    assert_eq!(json!(told), json!([["GTXPro", 2, true], ["gtxpro", 1, true]]), "{preview}");
    assert_eq!(values[0]["proposals"][0]["value"], product["id"]);
    assert_eq!(preview["will_create"][0]["count"], 2);

    accept(&mut deals, &preview);
    let preview = api.preview(&deals);
    assert_eq!((&preview["will_create"][0]["count"], &preview["unresolved"]), (&json!(1), &json!([])));
    let job = api.import(&deals);
    assert_eq!((&job["progress"]["created"], &job["progress"]["parents"]), (&json!(4), &json!(1)));
    let deals = api.get("/opportunities?sort=name&expand=product").ok();
    let with = deals["data"].as_array().unwrap().iter().filter(|d| d["product"] == product["id"]).count();
    assert_eq!(with, 3);
}
