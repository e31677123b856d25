//! The OpenAPI 3.1 document, from the catalogue: an object that is declared is documented.

mod common;
mod examples;
mod fields;
pub mod keys;
mod operations;
pub mod schemas;
pub mod signing_in;

use crate::health;
use kezhan_features::actions::ActionDef;
use kezhan_meta::{Catalog, ObjectMeta};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    paths(health::alive, health::ready),
    components(schemas(schemas::ProblemSchema, schemas::ProblemItemSchema, schemas::LabelSchema))
)]
struct Base;

/// Builds the document for these objects. The order of everything is that of the declarations: two runs of the same
/// program give the same bytes.
pub fn document(catalog: &Catalog, actions: &[Arc<dyn ActionDef>]) -> Value {
    let mut doc = Builder::new();
    doc.merge(Base::openapi());
    for part in crate::parts::all() {
        doc.merge((part.docs)());
    }
    let mut names = Names::new(&doc);
    let named: HashMap<&str, Named> = catalog.objects().map(|o| (o.name.as_ref(), names.claim(o))).collect();
    for object in catalog.objects() {
        doc.tag(&object.plural, &tag_text(object));
        fields::schemas(&mut doc, catalog, object, &named);
        if let Some(named) = named.get(object.name.as_ref()) {
            operations::of_object(&mut doc, object, named, actions);
        }
    }
    doc.finish()
}

/// The document as it is committed and served.
pub fn text(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

fn tag_text(object: &ObjectMeta) -> String {
    let label = format!("{} · {}", object.label_many.zh, object.label_many.en);
    if object.help.is_empty() { label } else { format!("{label}. {}", object.help) }
}

/// Schema and operation names of one object.
#[derive(Clone, Debug)]
pub struct Named {
    /// `OpportunityLine`
    pub one: String,
    /// `OpportunityLines`
    pub many: String,
}

/// Names that are taken, so that a tenant's object never replaces one of ours.
struct Names {
    schemas: HashSet<String>,
    /// Ids of operations in lower case, with their paths.
    operations: Vec<(String, String)>,
}

impl Names {
    fn new(doc: &Builder) -> Names {
        let operations = doc.operations().map(|(path, id)| (id.to_ascii_lowercase(), path.to_owned())).collect();
        Names { schemas: doc.schemas.keys().cloned().collect(), operations }
    }

    fn claim(&mut self, object: &ObjectMeta) -> Named {
        let mut named = Named { one: pascal(&object.name), many: pascal(&object.plural) };
        if self.taken(&named, object) {
            named.one.push_str("Record");
            named.many.push_str("Records");
        }
        self.schemas.insert(named.one.clone());
        named
    }

    fn taken(&self, named: &Named, object: &ObjectMeta) -> bool {
        let schemas = ["", "Create", "Patch", "Page", "Batch", "Expand"].map(|suffix| format!("{}{suffix}", named.one));
        // A part that serves a call of this very object gives it the name that it would have had.
        let own = format!("/api/v1/{}", object.plural);
        let foreign = |id: String| {
            let id = id.to_ascii_lowercase();
            self.operations.iter().any(|(known, path)| *known == id && !path.starts_with(&own))
        };
        schemas.iter().any(|s| self.schemas.contains(s))
            || ["get", "list", "create", "search", "query", "batch", "update", "delete", "restore", "upsert"]
                .iter()
                .any(|verb| foreign(format!("{verb}{}", named.one)) || foreign(format!("{verb}{}", named.many)))
    }
}

/// `opportunity_line` → `OpportunityLine`.
pub fn pascal(key: &str) -> String {
    key.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|c| c.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
        })
        .collect()
}

/// A document under construction.
pub struct Builder {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
    tags: Vec<Value>,
    /// Names given twice: a mistake in a declaration, which a test looks for.
    clashes: Vec<String>,
}

impl Builder {
    fn new() -> Builder {
        let mut doc = Builder { paths: Map::new(), schemas: Map::new(), tags: Vec::new(), clashes: Vec::new() };
        for (name, text) in common::TAGS {
            doc.tag(name, text);
        }
        for (name, schema) in common::schemas() {
            doc.schema(&name, schema);
        }
        doc
    }

    pub fn tag(&mut self, name: &str, description: &str) {
        self.tags.push(json!({"name": name, "description": description}));
    }

    pub fn schema(&mut self, name: &str, schema: Value) {
        if self.schemas.insert(name.to_owned(), schema).is_some() {
            self.clashes.push(format!("schema {name}"));
        }
    }

    /// An operation, with the answers that every operation may give.
    pub fn operation(&mut self, path: &str, method: &str, mut operation: Value) {
        common::complete(&mut operation, method);
        let item = self.paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        let replaced = item.as_object_mut().and_then(|item| item.insert(method.to_owned(), operation));
        if replaced.is_some() {
            self.clashes.push(format!("{method} {path}"));
        }
    }

    pub fn has(&self, path: &str, method: &str) -> bool {
        self.paths.get(path).is_some_and(|item| item.get(method).is_some())
    }

    /// What was documented by macros. A schema that several parts use is the same in each.
    fn merge(&mut self, openapi: utoipa::openapi::OpenApi) {
        let value = serde_json::to_value(openapi).unwrap_or_default();
        for (path, item) in value.get("paths").and_then(Value::as_object).into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                self.operation(path, method, operation.clone());
            }
        }
        let schemas = value.pointer("/components/schemas").and_then(Value::as_object);
        for (name, schema) in schemas.into_iter().flatten() {
            match self.schemas.get(name) {
                None => drop(self.schemas.insert(name.clone(), schema.clone())),
                Some(known) if known == schema => {}
                Some(_) => self.clashes.push(format!("schema {name}")),
            }
        }
    }

    /// Path and id of every operation.
    fn operations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.paths.iter().flat_map(|(path, item)| {
            let operations = item.as_object().into_iter().flat_map(Map::values);
            operations.filter_map(move |o| Some((path.as_str(), o.get("operationId")?.as_str()?)))
        })
    }

    fn finish(self) -> Value {
        let mut doc = common::frame();
        let mut seen = HashSet::new();
        let twice = self.operations().map(|(_, id)| id).filter(|id| !seen.insert(*id));
        let mut clashes: Vec<String> = twice.map(|id| format!("operationId {id}")).collect();
        clashes.extend(self.clashes.iter().cloned());
        for clash in &clashes {
            log::error!("OpenAPI: {clash} is given twice");
        }
        if let Some(map) = doc.as_object_mut() {
            map.insert("tags".into(), Value::Array(self.tags));
            map.insert("paths".into(), Value::Object(self.paths));
            let mut components = common::components();
            components.insert("schemas".into(), Value::Object(self.schemas));
            map.insert("components".into(), Value::Object(components));
            if !clashes.is_empty() {
                map.insert("x-clashes".into(), json!(clashes));
            }
        }
        doc
    }
}

#[cfg(test)]
mod tests;
