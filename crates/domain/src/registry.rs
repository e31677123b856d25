//! The one list of standard objects. A new object is its declaration, its migration and a line here.

use crate::{commerce, customers, people, platform, sales, work};
use kezhan_meta::{Catalog, ObjectMeta, Record};
use serde::de::DeserializeOwned;
use std::sync::LazyLock;

/// A standard object: its metadata and what only its Rust type can check.
pub struct Entry {
    pub meta: ObjectMeta,
    /// Does a canonical record deserialise into the declared struct? Guards the struct against the engine.
    pub fits: fn(&Record) -> Result<(), String>,
}

fn entry<T: DeserializeOwned>(meta: ObjectMeta) -> Entry {
    Entry {
        meta,
        fits: |record| {
            let value = serde_json::Value::Object(record.clone());
            serde_json::from_value::<T>(value).map(drop).map_err(|e| e.to_string())
        },
    }
}

pub fn entries() -> Vec<Entry> {
    vec![
        entry::<people::Department>(people::Department::META),
        entry::<people::Position>(people::Position::META),
        entry::<people::Role>(people::Role::META),
        entry::<people::User>(people::User::META),
        entry::<people::RecordMember>(people::RecordMember::META),
        entry::<people::SharingRule>(people::SharingRule::META),
        entry::<people::IdentityProvider>(people::IdentityProvider::META),
        entry::<people::Directory>(people::Directory::META),
        entry::<people::OauthClient>(people::OauthClient::META),
        entry::<customers::Account>(customers::Account::META),
        entry::<customers::Contact>(customers::Contact::META),
        entry::<customers::Lead>(customers::Lead::META),
        entry::<commerce::Product>(commerce::Product::META),
        entry::<sales::Pipeline>(sales::Pipeline::META),
        entry::<sales::Stage>(sales::Stage::META),
        entry::<sales::Opportunity>(sales::Opportunity::META),
        entry::<sales::OpportunityLine>(sales::OpportunityLine::META),
        entry::<work::FollowUp>(work::FollowUp::META),
        entry::<work::Task>(work::Task::META),
        entry::<platform::Attachment>(platform::Attachment::META),
        entry::<platform::SavedView>(platform::SavedView::META),
        entry::<platform::Notification>(platform::Notification::META),
        entry::<platform::Favorite>(platform::Favorite::META),
        entry::<platform::ObjectDefinition>(platform::ObjectDefinition::META),
        entry::<platform::FieldDefinition>(platform::FieldDefinition::META),
        entry::<platform::RecordLayout>(platform::RecordLayout::META),
        entry::<platform::FieldPolicy>(platform::FieldPolicy::META),
        entry::<platform::ProcessingPurpose>(platform::ProcessingPurpose::META),
        entry::<platform::Consent>(platform::Consent::META),
        entry::<platform::SubjectRequest>(platform::SubjectRequest::META),
        entry::<platform::RetentionRule>(platform::RetentionRule::META),
    ]
}

static STANDARD: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(entries().into_iter().map(|e| e.meta.complete())));

/// The catalogue of standard objects, without anything of a tenant's.
pub fn standard() -> &'static Catalog {
    &STANDARD
}

#[cfg(test)]
mod tests {
    use super::*;
    use kezhan_meta::{FieldType, Scope};
    use std::collections::HashSet;

    #[test]
    fn every_declaration_is_sound() {
        let catalog = standard();
        let mut names = HashSet::new();
        for object in catalog.objects() {
            assert!(names.insert(object.name.clone()), "{} twice", object.name);
            assert!(names.insert(object.plural.clone()), "{} twice", object.plural);
            assert!(object.title_field().is_some(), "{}: title {} is no field", object.name, object.title);
            if let Some(moment) = &object.moment {
                let kind = object.field(moment).map(|f| &f.kind);
                assert_eq!(kind, Some(&FieldType::DateTime), "{}: moment {moment}", object.name);
            }
            let mut keys = HashSet::new();
            for field in object.fields.iter() {
                let at = format!("{}.{}", object.name, field.key);
                assert!(keys.insert(field.key.clone()), "{at} twice");
                assert!(kezhan_meta::check::is_key(&field.key), "{at} is no key");
                if let Some(target) = field.target() {
                    assert!(catalog.get(target).is_some(), "{at} refers to unknown {target}");
                }
                if matches!(field.kind, FieldType::Money) {
                    assert!(object.field("currency").is_some(), "{at} needs a currency on the record");
                }
            }
            let context = kezhan_meta::resolve::Context {
                now: chrono::Utc::now(),
                offset_minutes: 480,
                user: None,
                subordinates: [].into(),
                department: None,
                departments: Vec::new(),
            };
            let layout = object.layout.as_ref().map(|l| l.faults(catalog, object, &context));
            assert_eq!(layout, Some(Vec::new()), "{}: its layout", object.name);
            for field in object.fields.iter().filter(|f| f.within.is_some()) {
                assert!(catalog.cascade(object, field).is_some(), "{}.{} lies within nothing", object.name, field.key);
            }
            match &object.scope {
                Scope::Through { field } => assert!(object.field(field).is_some(), "{}", object.name),
                Scope::Polymorphic { object: o, record: r } => {
                    assert!(object.field(o).is_some() && object.field(r).is_some(), "{}", object.name);
                }
                Scope::Owned | Scope::Tenant | Scope::Personal => {}
            }
        }
    }
}
