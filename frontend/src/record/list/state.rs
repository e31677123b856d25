//! What a list shows, as its address says.

use super::groups::keys;
use super::layouts;
use crate::api::records;
use crate::fields;
use crate::record::url::Url;
use crate::state::prefs;
use kezhan_meta::query::{Count, GroupKey, ListQuery, Sort};
use kezhan_meta::{FieldMeta, FieldType, Filter, ObjectMeta};
use std::sync::Arc;
use uuid::Uuid;

#[derive(Clone)]
pub struct ListState {
    pub object: Arc<ObjectMeta>,
    pub filter: Filter,
    /// The address asks for a filter that is none, or that reads fields which there are not.
    pub broken: bool,
    pub sort: Vec<Sort>,
    pub q: String,
    /// The outer level first.
    pub group: Vec<GroupKey>,
    /// As chosen; the object's own columns where nothing was.
    pub columns: Vec<String>,
    pub chosen_columns: bool,
    /// The picture on the cards of a gallery, which need not be a column.
    pub cover: Option<String>,
    pub deleted: bool,
    /// Only what this import brought.
    pub import: Option<Uuid>,
}

impl PartialEq for ListState {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl ListState {
    pub fn read(object: &Arc<ObjectMeta>, url: Url) -> ListState {
        // Nothing rather than everything, where it is not understood.
        let nothing = || Filter::Or(Vec::new());
        let asked = url.get("filter").map(|text| serde_json::from_str(&text).unwrap_or_else(|_| nothing()));
        let filter = asked.unwrap_or_else(Filter::all);
        let sort = url.get("sort").map(|s| s.split(',').map(Sort::parse).collect()).unwrap_or_default();
        let chosen: Option<Vec<String>> = url
            .get("columns")
            .map(|c| c.split(',').filter(|k| object.field(k).is_some()).map(str::to_owned).collect())
            .filter(|c: &Vec<String>| !c.is_empty());
        ListState {
            object: object.clone(),
            broken: filter == nothing() || !reads(object, &filter),
            filter,
            sort,
            q: url.get("q").unwrap_or_default(),
            group: keys::read(object, url),
            chosen_columns: chosen.is_some(),
            cover: layouts::cover(object, url),
            columns: chosen.unwrap_or_else(|| default_columns(object)),
            deleted: url.get("deleted").is_some(),
            import: url.get("import").and_then(|id| Uuid::parse_str(&id).ok()),
        }
    }

    /// Tells one question from another.
    pub fn key(&self) -> String {
        let filter = serde_json::to_string(&self.filter).unwrap_or_default();
        let sort: Vec<String> = self.sort.iter().map(Sort::to_string).collect();
        let group: Vec<String> = self.group.iter().map(keys::text_of).collect();
        format!(
            "{}|{filter}|{}|{}|{}|{}|{:?}|{}|{:?}",
            self.object.plural,
            sort.join(","),
            self.q,
            self.columns.join(","),
            self.deleted,
            self.import,
            group.join(","),
            self.cover
        )
    }

    pub fn fields(&self) -> Vec<FieldMeta> {
        self.columns.iter().filter_map(|key| self.object.field(key).cloned()).collect()
    }

    pub fn is_filtered(&self) -> bool {
        !self.filter.is_all() || !self.q.is_empty() || self.import.is_some()
    }

    pub fn query(&self, cursor: Option<String>) -> ListQuery {
        let mut fields = records::face(&self.object);
        fields.push("version".to_owned());
        if self.object.field("currency").is_some() {
            fields.push("currency".to_owned());
        }
        for column in self.columns.iter().chain(&self.cover) {
            if !fields.contains(column) {
                fields.push(column.clone());
            }
        }
        // The cards of a phone call.
        if prefs::narrow() {
            fields.extend(
                phones(&self.object).filter(|f| !self.columns.contains(&f.key.to_string())).map(|f| f.key.to_string()),
            );
        }
        fields.extend(records::names_of(self.fields().iter()));
        ListQuery {
            filter: Some(self.filter.clone()).filter(|f| !f.is_all()),
            sort: self.sort.clone(),
            fields: Some(fields),
            q: Some(self.q.clone()).filter(|q| !q.is_empty()),
            limit: Some(100),
            count: if cursor.is_none() { Count::Capped } else { Count::None },
            cursor,
            deleted: self.deleted,
            import: self.import,
            ..ListQuery::default()
        }
    }

    /// The order of this column now: none, up, down.
    pub fn direction(&self, key: &str) -> Option<bool> {
        self.sort.iter().find(|s| s.field == key).map(|s| s.descending)
    }
}

/// Are there the fields that it reads? Those of related records only the server looks up.
fn reads(object: &ObjectMeta, filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().all(|part| reads(object, part)),
        Filter::Not(inner) => reads(object, inner),
        Filter::Field { field, .. } => fields::path_field(object, field).is_some(),
        Filter::Exists { .. } => true,
    }
}

/// Numbers that somebody can be called at.
pub fn phones(object: &ObjectMeta) -> impl Iterator<Item = &FieldMeta> {
    object.fields.iter().filter(|f| f.kind == FieldType::Phone && !f.hidden && !f.secret)
}

/// The title, then what the declaration puts into lists.
pub fn default_columns(object: &ObjectMeta) -> Vec<String> {
    let mut columns = vec![object.title.to_string()];
    columns.extend(object.fields.iter().filter(|f| f.in_list && f.key != object.title).map(|f| f.key.to_string()));
    if object.field("updated_at").is_some() {
        columns.push("updated_at".to_owned());
    }
    columns
}
