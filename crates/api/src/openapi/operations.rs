//! The record calls of one object. The paths are those of `records::dispatch`.

use super::fields::reference;
use super::{Builder, Named, examples, pascal};
use kezhan_features::actions::ActionDef;
use kezhan_meta::{FieldMeta, ObjectMeta};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn of_object(doc: &mut Builder, object: &ObjectMeta, named: &Named, actions: &[Arc<dyn ActionDef>]) {
    Operations { doc, object, named, base: format!("/api/v1/{}", object.plural) }.all(actions);
}

struct Operations<'a> {
    doc: &'a mut Builder,
    object: &'a ObjectMeta,
    named: &'a Named,
    base: String,
}

fn parameter(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

fn parameters(names: &[&str]) -> Vec<Value> {
    names.iter().map(|n| parameter(n)).collect()
}

fn answer(text: &str, schema: Value) -> Value {
    json!({"description": text, "content": {"application/json": {"schema": schema}}})
}

/// A record with its version.
fn with_etag(text: &str, schema: Value, located: bool) -> Value {
    let mut headers = json!({"ETag": {"$ref": "#/components/headers/ETag"}});
    if let (true, Some(map)) = (located, headers.as_object_mut()) {
        map.insert("Location".into(), json!({"$ref": "#/components/headers/Location"}));
    }
    json!({"description": text, "headers": headers, "content": {"application/json": {"schema": schema}}})
}

fn body(schema: Value, required: bool) -> Value {
    json!({"required": required, "content": {"application/json": {"schema": schema}}})
}

impl Operations<'_> {
    fn all(&mut self, actions: &[Arc<dyn ActionDef>]) {
        self.collection();
        self.many();
        self.similar();
        self.single();
        self.past();
        for action in actions.iter().filter(|a| a.applies(self.object)) {
            self.action(action.as_ref());
        }
    }

    fn add(&mut self, path: &str, method: &str, id: String, summary: String, rest: Value) {
        let mut operation = json!({"tags": [self.object.plural], "summary": summary, "operationId": id});
        if let (Some(map), Value::Object(rest)) = (operation.as_object_mut(), rest) {
            map.extend(rest);
        }
        let path = format!("{}{path}", self.base);
        // A part may serve a call of one object in its own way.
        if self.doc.has(&path, method) {
            return;
        }
        self.doc.operation(&path, method, operation);
    }

    fn record(&self) -> Value {
        reference(&self.named.one)
    }

    fn of(&self, suffix: &str) -> Value {
        reference(&format!("{}{suffix}", self.named.one))
    }

    fn collection(&mut self) {
        let (one, many) = (self.named.one.clone(), self.named.many.clone());
        let label = self.object.label_many.en.to_lowercase();
        let singular = self.object.label.en.to_lowercase();
        let mut listing =
            parameters(&["Limit", "Cursor", "Sort", "Fields", "Expand", "Q", "View", "Count", "Deleted", "Import"]);
        listing.extend(self.object.fields.iter().filter(|f| f.filterable()).map(|f| self.filter(f)));
        self.add("", "get", format!("list{many}"), format!("List {label}"), json!({
            "description": "One page of what the caller may see. Every filterable field is a parameter; other operators are written `field[op]=value`, lists with commas.",
            "parameters": listing,
            "responses": {"200": answer("A page", self.of("Page"))},
        }));
        self.add(
            "",
            "post",
            format!("create{one}"),
            format!("Create a {singular}"),
            json!({
                "requestBody": body(self.of("Create"), true),
                "responses": {"201": with_etag("Created", self.record(), true)},
            }),
        );
        let groups = json!({"anyOf": [self.of("Page"), reference("GroupPage")]});
        self.add(
            "/query",
            "post",
            format!("query{many}"),
            format!("Query {label} with a condition tree, or group them"),
            json!({
                "requestBody": body(reference("Query"), true),
                "responses": {"200": answer("A page, or groups", groups)},
            }),
        );
    }

    fn similar(&mut self) {
        let many = self.named.many.clone();
        let label = self.object.label_many.en.to_lowercase();
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["record"],
            "properties": {
                "record": {"type": "object", "additionalProperties": true, "description": "Fields as far as they are known."},
                "except": {"type": "string", "format": "uuid", "description": "A record that does not count: the one itself."},
            },
            "example": {"record": {self.object.title.as_ref(): "鑫茂"}},
        });
        self.add(
            "/similar",
            "post",
            format!("findSimilar{many}"),
            format!("Are there {label} like this one already?"),
            json!({
                "description": "Compares company names without legal form, telephone numbers, e-mail addresses and unique codes, across the company. Of records that the caller may not see only part of the name and the owner are told.",
                "requestBody": body(schema, true),
                "responses": {"200": answer("Records that may be the same", reference("SimilarList"))},
            }),
        );
    }

    fn filter(&self, field: &FieldMeta) -> Value {
        let operators: Vec<String> = field
            .operators()
            .iter()
            .filter(|op| **op != kezhan_meta::Op::Eq)
            .map(|op| format!("`{}[{}]`", field.key, op.key()))
            .collect();
        let equal = field.operators().contains(&kezhan_meta::Op::Eq);
        let text = format!("{} · {}", field.label.zh, field.label.en);
        // Types without equality are filtered by their first operator.
        let name = match field.operators().first() {
            Some(first) if !equal => format!("{}[{}]", field.key, first.key()),
            _ => field.key.to_string(),
        };
        let mut out = json!({
            "name": name, "in": "query", "required": false, "schema": {"type": "string"},
            "description": format!("{text}. Also {}", operators.join(", ")),
        });
        let example = match examples::value(self.object, field) {
            Value::Array(items) => items.first().cloned(),
            Value::Object(_) => None,
            Value::String(text) => Some(json!(text)),
            other => Some(json!(other.to_string())),
        };
        if let (Some(map), Some(example)) = (out.as_object_mut(), example) {
            map.insert("example".into(), example);
        }
        out
    }

    fn many(&mut self) {
        let (one, many) = (self.named.one.clone(), self.named.many.clone());
        let label = self.object.label_many.en.to_lowercase();
        self.add(
            "/batch",
            "post",
            format!("batch{many}"),
            format!("Write up to 500 {label} in one call"),
            json!({
                "requestBody": body(self.of("Batch"), true),
                "responses": {"200": answer("What became of each operation, in order", reference("BatchResult"))},
            }),
        );
        let keys: Vec<&str> = self.object.unique_fields().filter(|f| !f.read_only).map(|f| f.key.as_ref()).collect();
        if keys.is_empty() {
            return;
        }
        let singular = self.object.label.en.to_lowercase();
        self.add("/by/{key}/{value}", "put", format!("upsert{one}"), format!("Update the {singular} with this unique value, or create it"), json!({
            "parameters": [
                {"name": "key", "in": "path", "required": true, "description": "A unique field", "schema": {"type": "string", "enum": keys}},
                {"name": "value", "in": "path", "required": true, "description": "Its value", "schema": {"type": "string", "minLength": 1}},
            ],
            "requestBody": body(self.of("Patch"), true),
            "responses": {
                "200": with_etag("Updated", self.record(), false),
                "201": with_etag("Created", self.record(), true),
            },
        }));
    }

    fn single(&mut self) {
        let one = self.named.one.clone();
        let singular = self.object.label.en.to_lowercase();
        self.add(
            "/{id}",
            "get",
            format!("get{one}"),
            format!("Read a {singular}"),
            json!({
                "parameters": parameters(&["Id", "Fields", "Expand", "Deleted", "IfNoneMatch"]),
                "responses": {
                    "200": with_etag("The record", self.record(), false),
                    "304": {"description": "Unchanged since the version in `If-None-Match`"},
                },
            }),
        );
        self.add(
            "/{id}",
            "patch",
            format!("update{one}"),
            format!("Change a {singular}"),
            json!({
                "parameters": parameters(&["Id", "IfMatch", "Undoes"]),
                "requestBody": body(self.of("Patch"), true),
                "responses": {"200": with_etag("Changed", self.record(), false)},
            }),
        );
        self.add(
            "/{id}",
            "delete",
            format!("delete{one}"),
            format!("Move a {singular} to the recycle bin"),
            json!({
                "parameters": parameters(&["Id", "IfMatch"]),
                "responses": {"204": {"description": "Deleted"}},
            }),
        );
        self.add(
            "/{id}/restore",
            "post",
            format!("restore{one}"),
            format!("Bring a {singular} back from the recycle bin"),
            json!({
                "parameters": parameters(&["Id"]),
                "responses": {"200": with_etag("Restored", self.record(), false)},
            }),
        );
    }

    fn past(&mut self) {
        let one = self.named.one.clone();
        let singular = self.object.label.en.to_lowercase();
        let paged = || parameters(&["Id", "Limit", "Cursor"]);
        self.add(
            "/{id}/history",
            "get",
            format!("get{one}History"),
            format!("Who changed what of a {singular}, newest first"),
            json!({
                "parameters": paged(), "responses": {"200": answer("Changes", reference("FeedPage"))},
            }),
        );
        self.add(
            "/{id}/timeline",
            "get",
            format!("get{one}Timeline"),
            format!("Everything that happened to a {singular}, newest first"),
            json!({
                "parameters": paged(), "responses": {"200": answer("Events", reference("FeedPage"))},
            }),
        );
        self.add(
            "/{id}/actions",
            "get",
            format!("list{one}Actions"),
            format!("What the caller may do next with a {singular}"),
            json!({
                "parameters": parameters(&["Id"]), "responses": {"200": answer("Actions", reference("ActionList"))},
            }),
        );
        self.add(
            "/{id}/similar",
            "get",
            format!("list{one}Similar"),
            format!("What may be the same as a {singular}"),
            json!({
                "parameters": parameters(&["Id"]),
                "responses": {"200": answer("Records that may be the same", reference("SimilarList"))},
            }),
        );
        let user = json!({"name": "user", "in": "query", "required": false, "description": "About this user; the caller without it", "schema": {"type": "string", "format": "uuid"}});
        self.add(
            "/{id}/access",
            "get",
            format!("explain{one}Access"),
            format!("Why a user can or cannot see or change a {singular}"),
            json!({
                "parameters": [parameter("Id"), user],
                "responses": {"200": answer("The rules that decided", reference("AccessExplanation"))},
            }),
        );
    }

    fn action(&mut self, action: &dyn ActionDef) {
        let id = format!("{}{}", camel(action.key()), self.named.one);
        let mut input = action.input();
        let required = input.get("required").is_some();
        if let (false, example) = (input.get("example").is_some(), examples::input(&input)) {
            input["example"] = example;
        }
        let summary = format!("{}: {}", action.label().en, self.object.label.en.to_lowercase());
        self.add(
            &format!("/{{id}}/actions/{}", action.key()),
            "post",
            id,
            summary,
            json!({
                "description": action.help(),
                "parameters": parameters(&["Id", "IfMatch"]),
                "requestBody": body(input, required),
                "responses": {"200": answer("Done", json!({"type": "object", "additionalProperties": true, "example": {"id": examples::ID}}))},
            }),
        );
    }
}

fn camel(key: &str) -> String {
    let pascal = pascal(key);
    let mut letters = pascal.chars();
    letters.next().map(|c| c.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}
