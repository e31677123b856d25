//! What all operations share: parameters, headers, failures, security.

use crate::idempotency::EXEMPT;
use serde_json::{Map, Value, json};

pub const TAGS: &[(&str, &str)] = &[
    ("auth", "Signing in, sessions, API keys"),
    ("oauth", "Applications that act on people's behalf, or by themselves"),
    ("audit", "Who did what, when, from where, through what"),
    ("meta", "The model as data: objects, fields, relations, actions"),
    ("search", "One box over all objects"),
    ("changes", "Following what happens: change feed and server-sent events"),
    ("bulk", "Many records: uploads, imports with progress and undo, exports, templates"),
    ("composite", "Several requests in one transaction"),
    ("host", "Looking after the installation: companies are added, suspended, taken along and erased"),
    ("operations", "Health of the process"),
];

const DESCRIPTION: &str = "Every object has the same calls. Lists are paged by opaque cursors. Every record carries an \
ETag: send it back as `If-Match` and a change that would overwrite somebody else's is refused with 412. Any POST, \
signing in and out apart, may carry an `Idempotency-Key` and is then done once. Failures are `application/problem+json` with a `code`, a \
`request_id` and, where fields are at fault, `errors`; texts come in Chinese or English as `Accept-Language` asks. \
A record that the caller may not see does not exist for them: 404. Money and decimals are strings, times RFC 3339 in \
UTC, ids UUIDs.";

/// The document without its content.
pub fn frame() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Kezhan CRM",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This installation"}],
        "security": [{"bearer": []}, {"cookie": []}, {"oauth": []}],
    })
}

/// Some of the scopes that there are.
const SCOPES: &[(&str, &str)] = &[
    ("*:read", "Read everything that the person can read"),
    ("*:write", "Create, change and delete whatever the person can"),
    ("account:read", "Read accounts; so with every object"),
    ("account:write", "Create, change and delete accounts; so with every object"),
];

pub fn components() -> Map<String, Value> {
    let value = json!({
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer", "description": "An access token from `POST /auth/login`, or an API key `kz_…`"},
            "host": {"type": "http", "scheme": "bearer", "description": "A token from `POST /host/login`: an administrator of the installation, who is nobody in any company. Browsers send it as the cookie `kz_host`"},
            "oauth": {"type": "oauth2", "description": "Scopes are `<object>:<action>`, with `write` for create, edit and delete, and `*` for every object: `account:read`, `contact:write`. Authorization code with PKCE (S256), or client credentials; `GET /.well-known/oauth-authorization-server` tells the rest", "flows": {
                "authorizationCode": {"authorizationUrl": "/oauth/authorize", "tokenUrl": "/oauth/token", "refreshUrl": "/oauth/token", "scopes": SCOPES.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect::<Map<String, Value>>()},
                "clientCredentials": {"tokenUrl": "/oauth/token", "scopes": SCOPES.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect::<Map<String, Value>>()},
            }},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "kz_access", "description": "Set by the sign-in for browsers. A write must show where it comes from: the same origin, or the header `X-Requested-With: kezhan`"},
        },
        "parameters": parameters(),
        "headers": {
            "ETag": {"description": "The record's version", "schema": {"type": "string"}, "example": "\"3\""},
            "Location": {"description": "Path of the new record", "schema": {"type": "string"}},
            "IdempotencyReplayed": {"description": "`true` where this was done before, under the same key", "schema": {"type": "string", "const": "true"}},
        },
        "responses": responses(),
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn parameters() -> Value {
    let query = |name: &str, schema: Value, text: &str, example: Value| json!({"name": name, "in": "query", "required": false, "description": text, "schema": schema, "example": example});
    let text = || json!({"type": "string"});
    json!({
        "Id": {"name": "id", "in": "path", "required": true, "description": "The record's id", "schema": {"type": "string", "format": "uuid"}},
        "Limit": query("limit", json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}), "Records of one page", json!(50)),
        "Cursor": query("cursor", text(), "`next_cursor` of the page before. It fits the same query only", Value::Null),
        "Sort": query("sort", text(), "Fields to sort by, separated by commas; `-` before one turns it round. A reference is sorted by the place (`sort_order`) and the name of what it refers to, a choice by the order of its options; empty comes first", json!("-created_at,name")),
        "Fields": query("fields", text(), "Only these fields, separated by commas", json!("id,name")),
        "Expand": query("expand", text(), "References, single ones and lists, to send along under `expand`, up to two levels", json!("owner")),
        "Q": query("q", json!({"type": "string", "maxLength": 200}), "Search: parts of names (two Chinese characters are enough), pinyin, initials, digits of phone numbers; of the record, or of the one that it hangs on (deals and contacts are found by the account)", json!("鑫茂")),
        "View": query("view", json!({"type": "string", "format": "uuid"}), "Id of a saved view, whose conditions, order and fields apply", Value::Null),
        "Count": query("count", json!({"type": "string", "enum": ["none", "capped", "exact"], "default": "none"}), "Count what matches: not at all, up to 1,000, or exactly", json!("capped")),
        "Deleted": query("deleted", json!({"type": "boolean", "default": false}), "The recycle bin", json!(false)),
        "Import": query("import", json!({"type": "string", "format": "uuid"}), "Only what this import created or changed: the id of its job", Value::Null),
        "Undoes": query("undoes", json!({"type": "integer", "minimum": 1}), "This change takes back the one that made this version: what rules changed along with that goes back too, as far as it still stands. `If-Match` then minds later versions only where they touched the same fields", Value::Null),
        "IfMatch": {"name": "If-Match", "in": "header", "required": false, "description": "Only if the record still has this version", "schema": {"type": "string"}, "example": "\"3\""},
        "IfNoneMatch": {"name": "If-None-Match", "in": "header", "required": false, "description": "304 if the record still has this version", "schema": {"type": "string"}, "example": "\"3\""},
        "IdempotencyKey": {"name": "Idempotency-Key", "in": "header", "required": false, "description": "Do this once: the same key within 24 hours gets the first answer again, with another request 422. What changes nothing is simply done again", "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}, "example": "2f1c7a7e-import-17"},
    })
}

const FAILURES: &[(&str, &str, &str)] = &[
    ("400", "BadRequest", "The request cannot be understood; the problem names the parameter, field or operator"),
    ("401", "Unauthenticated", "No credentials, or they are no longer good"),
    ("403", "Forbidden", "The caller's role does not allow this"),
    ("404", "NotFound", "There is no such thing, or the caller may not see it"),
    ("405", "MethodNotAllowed", "This path has other methods; see `Allow`"),
    ("409", "Conflict", "It conflicts with other data"),
    ("412", "Stale", "The record has changed since; `current_version` says to what"),
    ("413", "TooLarge", "The body is too large"),
    ("415", "UnsupportedMedia", "The body is of a type that is not understood"),
    ("422", "Invalid", "Some fields need correcting; see `errors`"),
    ("429", "TooManyRequests", "Too many calls; come back after `Retry-After` seconds"),
    ("503", "Unavailable", "Busy; come back after `Retry-After` seconds"),
];

fn responses() -> Value {
    let mut out = Map::new();
    for (status, name, text) in FAILURES {
        let content = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
        let mut response = json!({"description": text, "content": content});
        let header = |text: &str, kind: &str| json!({"description": text, "schema": {"type": kind}});
        let headers = match *status {
            "429" => Some(json!({
                "Retry-After": header("Seconds to wait", "integer"),
                "RateLimit-Limit": header("Calls per minute", "integer"),
                "RateLimit-Remaining": header("Calls left", "integer"),
                "RateLimit-Reset": header("Seconds until there are more", "integer"),
            })),
            "503" => Some(json!({"Retry-After": header("Seconds to wait", "integer")})),
            "401" => Some(json!({"WWW-Authenticate": header("Bearer", "string")})),
            _ => None,
        };
        if let (Some(headers), Some(map)) = (headers, response.as_object_mut()) {
            map.insert("headers".into(), headers);
        }
        out.insert((*name).to_owned(), response);
    }
    Value::Object(out)
}

/// Adds what every operation of this method has: the failures, and on a POST the key.
pub fn complete(operation: &mut Value, method: &str) {
    let Some(map) = operation.as_object_mut() else { return };
    let exempt = |id: &str| EXEMPT.iter().any(|(known, _)| *known == id);
    let keyed = method == "post" && !map.get("operationId").and_then(Value::as_str).is_some_and(exempt);
    if keyed && let Some(list) = map.entry("parameters").or_insert_with(|| json!([])).as_array_mut() {
        list.push(json!({"$ref": "#/components/parameters/IdempotencyKey"}));
    }
    let body = map.contains_key("requestBody");
    // What the protocols of OAuth fix, they fix to the last failure.
    let protocol = |id: &str| ["oauthToken", "oauthRevoke", "oauthIntrospect", "oauthMetadata"].contains(&id);
    let anonymous = map.get("tags").is_some_and(|t| t == &json!(["operations"]))
        || map.get("operationId").and_then(Value::as_str).is_some_and(protocol);
    let listed: &[&str] = match (anonymous, method, body) {
        (true, ..) => &["429", "503"],
        (_, "get", _) => &["400", "401", "403", "404", "429", "503"],
        (_, "delete", _) => &["400", "401", "403", "404", "409", "412", "429", "503"],
        (.., true) => &["400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "503"],
        _ => &["400", "401", "403", "404", "409", "412", "422", "429", "503"],
    };
    let responses = map.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else { return };
    for response in responses.values_mut() {
        bytes_as_files(response);
        if keyed && let Some(response) = response.as_object_mut() {
            let headers = response.entry("headers").or_insert_with(|| json!({}));
            headers["Idempotency-Replayed"] = json!({"$ref": "#/components/headers/IdempotencyReplayed"});
        }
    }
    for (status, name, _) in FAILURES.iter().filter(|(status, ..)| listed.contains(status)) {
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        responses.entry((*status).to_owned()).or_insert(reference);
    }
}

/// The macros describe bytes as a list of numbers; what is sent is a file.
fn bytes_as_files(response: &mut Value) {
    let numbers = json!({"type": "array", "items": {"type": "integer", "format": "int32", "minimum": 0}});
    let contents = response.get_mut("content").and_then(Value::as_object_mut);
    for content in contents.into_iter().flat_map(|c| c.values_mut()) {
        if let Some(schema) = content.get_mut("schema").filter(|s| **s == numbers) {
            *schema = json!({"type": "string", "format": "binary"});
        }
    }
}

/// Schemas that every object's calls share.
pub fn schemas() -> Vec<(String, Value)> {
    let nullable = |kind: &str| json!({"type": [kind, "null"]});
    let strings = || json!({"type": "array", "items": {"type": "string"}});
    let filter = || json!({"$ref": "#/components/schemas/Filter"});
    let all = [
        (
            "Address",
            json!({
                "type": "object", "description": "A postal address; `code` is the 行政区划代码 (GB/T 2260) of the district.",
                "properties": Map::from_iter(["country", "code", "province", "city", "district", "detail", "postcode"].map(|k| (k.to_owned(), json!({"type": "string", "maxLength": 300})))),
                "example": {"country": "CN", "code": "310115", "province": "上海市", "city": "上海市", "district": "浦东新区", "detail": "世纪大道 100 号"},
            }),
        ),
        (
            "Geo",
            json!({
                "type": "object", "description": "A point on the earth, WGS-84 degrees.", "required": ["lat", "lng"],
                "properties": {"lat": {"type": "number", "minimum": -90, "maximum": 90}, "lng": {"type": "number", "minimum": -180, "maximum": 180}},
                "example": {"lat": 31.2304, "lng": 121.4737},
            }),
        ),
        (
            "Filter",
            json!({
                "type": "object", "additionalProperties": false,
                "description": "A condition: exactly one of `and`, `or`, `not`, `field` (with `op` and `value`) or `exists` (with `where`). Fields may be paths through references (`account.city`); dates take `within` with words such as `last_7_days` and `this_quarter`, or with periods such as `2026-11` and `2026-Q4`.",
                "properties": {
                    "and": {"type": "array", "items": filter()},
                    "or": {"type": "array", "items": filter()},
                    "not": filter(),
                    "field": {"type": "string", "example": "city"},
                    "op": {"type": "string", "enum": kezhan_meta::Op::ALL.map(|op| op.key()), "default": "eq"},
                    "value": {"description": "What to compare with; a list for `in`, `nin`, `between`, `has_*`."},
                    "exists": {"type": "string", "description": "A relation that points here.", "example": "contacts"},
                    "where": filter(),
                },
                "example": {"and": [{"field": "city", "op": "eq", "value": "上海"}, {"field": "created_at", "op": "within", "value": "last_30_days"}]},
            }),
        ),
        (
            "Query",
            json!({
                "type": "object", "additionalProperties": false, "description": "A list or, with `group_by` or `aggregates`, groups.",
                "properties": {
                    "filter": filter(),
                    "sort": strings(), "fields": strings(), "expand": strings(),
                    "q": {"type": "string", "maxLength": 200}, "view": {"type": "string", "format": "uuid"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
                    "cursor": {"type": "string"},
                    "count": {"type": "string", "enum": ["none", "capped", "exact"], "default": "none"},
                    "deleted": {"type": "boolean", "default": false},
                    "import": {"type": "string", "format": "uuid", "description": "Only what this import created or changed: the id of its job."},
                    "group_by": {"type": "array", "items": {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/DatedGroup"}]}},
                    "aggregates": {"type": "array", "items": {"$ref": "#/components/schemas/Aggregate"}},
                },
                "example": {"filter": {"field": "created_at", "op": "within", "value": "this_quarter"}, "sort": ["-created_at"], "limit": 50},
            }),
        ),
        (
            "SimilarList",
            json!({
                "type": "object", "required": ["data"], "description": "Records that may be the same, the likeliest first.",
                "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Similar"}}},
            }),
        ),
        (
            "Similar",
            json!({
                "type": "object", "required": ["object", "id", "title", "owner", "masked", "matched"],
                "description": "A record that may be the same. Where `masked`, the caller may not see it: `id` is null and `title` is only part of the name.",
                "properties": {
                    "object": {"type": "string", "example": "account"},
                    "id": {"type": ["string", "null"], "format": "uuid"},
                    "title": {"type": "string", "example": "华***公司"},
                    "owner": {"type": ["string", "null"], "description": "Whom to ask.", "example": "张三"},
                    "masked": {"type": "boolean"},
                    "matched": {"type": "array", "items": {"type": "string"}, "description": "The fields that agree.", "example": ["name"]},
                },
            }),
        ),
        (
            "DatedGroup",
            json!({
                "type": "object", "additionalProperties": false, "required": ["field", "by"], "description": "Groups by a unit of time.",
                "properties": {"field": {"type": "string", "example": "created_at"}, "by": {"type": "string", "enum": ["day", "week", "month", "quarter", "year"]}},
            }),
        ),
        (
            "Aggregate",
            json!({
                "type": "object", "additionalProperties": false, "required": ["fn"], "description": "A value worked out for each group.",
                "properties": {
                    "fn": {"type": "string", "enum": ["count", "count_distinct", "sum", "avg", "min", "max"]},
                    "field": {"type": "string", "example": "created_at"}, "as": {"type": "string", "example": "total"},
                },
            }),
        ),
        (
            "GroupPage",
            json!({
                "type": "object", "required": ["data"], "description": "Groups: one property per group key and aggregate.",
                "properties": {"data": {"type": "array", "items": {"type": "object", "additionalProperties": true}}},
                "example": {"data": [{"created_at": "2026-01", "count": 3}]},
            }),
        ),
        (
            "BatchResult",
            json!({
                "type": "object", "required": ["succeeded", "failed", "results"], "description": "What became of each operation, in order.",
                "properties": {
                    "succeeded": {"type": "integer"}, "failed": {"type": "integer"},
                    "results": {"type": "array", "items": {"$ref": "#/components/schemas/BatchItem"}},
                },
            }),
        ),
        (
            "BatchItem",
            json!({
                "type": "object", "required": ["status"],
                "properties": {
                    "client_ref": {"description": "As it was given."}, "status": {"type": "integer", "example": 201},
                    "id": {"type": "string", "format": "uuid"}, "version": {"type": "integer"},
                    "record": {"type": "object", "additionalProperties": true}, "problem": {"$ref": "#/components/schemas/Problem"},
                },
            }),
        ),
        (
            "FeedPage",
            json!({
                "type": "object", "required": ["data", "next_cursor"], "description": "What happened, newest first.",
                "properties": {"data": {"type": "array", "items": {"type": "object", "additionalProperties": true}}, "next_cursor": nullable("string")},
                "example": {"data": [{"at": "2026-11-24T06:30:00Z", "action": "update", "version": 3, "changes": {"city": {"from": "苏州", "to": "杭州"}}}], "next_cursor": null},
            }),
        ),
        (
            "ActionList",
            json!({
                "type": "object", "required": ["data", "permissions"],
                "properties": {
                    "data": {"type": "array", "items": {"$ref": "#/components/schemas/MetaAction"}},
                    "permissions": {"type": "object", "additionalProperties": {"type": "boolean"}, "example": {"edit": true, "delete": false, "transfer": false, "share": false, "reveal": false}},
                },
            }),
        ),
        (
            "AccessVerdict",
            json!({
                "type": "object", "required": ["action", "allowed", "reason", "role", "scope", "explanation"],
                "properties": {
                    "action": {"type": "string", "example": "read"}, "allowed": {"type": "boolean"},
                    "reason": {"type": "string", "enum": ["not_granted", "granted", "not_covered", "denied", "member", "follows", "parent", "parent_out_of_reach", "personal", "not_personal", "confidential", "restricted"]},
                    "role": {"type": ["string", "null"], "description": "The role whose rule decided.", "example": "销售经理"},
                    "scope": {"description": "The data scope of that rule, as a role's `grants` have it.", "example": "department"},
                    "explanation": {"type": "string", "example": "Roles grant this, but not on this record"},
                    "limits": {"type": ["object", "null"], "description": "Where the role that decided is in force at certain times or from certain networks only.",
                        "properties": {
                            "limits": {"type": "object", "additionalProperties": true, "description": "As in the role."},
                            "holds_now": {"type": "boolean", "description": "At this moment; of networks only the caller's own is known."},
                        }},
                },
            }),
        ),
        (
            "AccessExplanation",
            json!({
                "type": "object", "required": ["user", "relation", "verdicts", "fields"],
                "properties": {
                    "user": {"type": ["object", "null"], "additionalProperties": true},
                    "relation": {"type": "string", "enum": ["owner", "team", "other"], "description": "How the user stands to the record."},
                    "verdicts": {"type": "array", "items": {"$ref": "#/components/schemas/AccessVerdict"}},
                    "fields": {"type": "array", "description": "Fields that the user may not both read and change.", "items": {
                        "type": "object", "required": ["field", "level", "roles"],
                        "properties": {"roles": {"type": "array", "items": {"type": "string"}, "description": "The roles that say so; of several the strictest counts."}, "field": {"type": "string", "example": "phone"}, "level": {"type": "string", "enum": ["hidden", "masked", "read", "write"]}},
                    }},
                },
            }),
        ),
    ];
    all.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
