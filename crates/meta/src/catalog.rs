//! All objects that one tenant knows, with the relations between them.

use crate::field::FieldMeta;
use crate::object::{ObjectMeta, Related};
use crate::text::Str;
use std::collections::HashMap;
use std::sync::Arc;

/// The objects of a tenant: the standard ones, with its custom fields, and its custom objects.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    objects: Vec<Arc<ObjectMeta>>,
    by_name: HashMap<String, usize>,
    by_plural: HashMap<String, usize>,
    related: HashMap<String, Vec<Related>>,
}

impl Catalog {
    /// Builds from completed objects ([`ObjectMeta::complete`]).
    pub fn new(objects: impl IntoIterator<Item = ObjectMeta>) -> Catalog {
        let mut catalog = Catalog::default();
        for object in objects {
            let at = catalog.objects.len();
            catalog.by_name.insert(object.name.to_string(), at);
            catalog.by_plural.insert(object.plural.to_string(), at);
            catalog.objects.push(Arc::new(object));
        }
        for object in &catalog.objects {
            for field in object.fields.iter() {
                let (Some(target), Some(name)) = (field.target(), &field.inverse) else { continue };
                catalog.related.entry(target.to_owned()).or_default().push(Related {
                    name: name.clone(),
                    object: object.name.clone(),
                    field: field.key.clone(),
                    label: field.inverse_label.clone(),
                    timeline: field.timeline,
                });
            }
        }
        catalog
    }

    /// The same catalogue with fields added to some objects and whole objects added.
    pub fn extended(
        &self,
        fields: impl IntoIterator<Item = (Str, FieldMeta)>,
        objects: impl IntoIterator<Item = ObjectMeta>,
    ) -> Catalog {
        let mut all: Vec<ObjectMeta> = self.objects.iter().map(|o| (**o).clone()).chain(objects).collect();
        for (name, field) in fields {
            if let Some(object) = all.iter_mut().find(|o| o.name == name) {
                object.fields.to_mut().push(field);
            }
        }
        Catalog::new(all)
    }

    pub fn objects(&self) -> impl Iterator<Item = &Arc<ObjectMeta>> {
        self.objects.iter()
    }

    pub fn get(&self, name: &str) -> Option<&Arc<ObjectMeta>> {
        self.by_name.get(name).and_then(|i| self.objects.get(*i))
    }

    pub fn by_plural(&self, plural: &str) -> Option<&Arc<ObjectMeta>> {
        self.by_plural.get(plural).and_then(|i| self.objects.get(*i))
    }

    /// Relations that point at this object.
    pub fn related(&self, object: &str) -> &[Related] {
        self.related.get(object).map_or(&[], Vec::as_slice)
    }

    pub fn relation(&self, object: &str, name: &str) -> Option<&Related> {
        self.related(object).iter().find(|r| r.name == name)
    }
}
