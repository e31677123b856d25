//! All objects that one tenant knows, with the relations between them.

use crate::field::{FieldMeta, Sensitivity};
use crate::layout::Layout;
use crate::object::{ObjectMeta, Related};
use crate::text::Str;
use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

/// A reference within another one.
#[derive(Clone, Copy, Debug)]
pub struct Cascade<'c> {
    /// The reference of the same record.
    pub outer: &'c FieldMeta,
    /// The field of what is referred to that leads to the same record as `outer`.
    pub link: &'c FieldMeta,
}

/// The objects of a tenant: the standard ones, with its custom fields, and its custom objects.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    objects: Vec<Arc<ObjectMeta>>,
    by_name: HashMap<String, usize>,
    by_plural: HashMap<String, usize>,
    related: HashMap<String, Vec<Related>>,
    extension: Option<Arc<dyn Any + Send + Sync>>,
}

impl Catalog {
    /// Builds from completed objects ([`ObjectMeta::complete`]).
    pub fn new(objects: impl IntoIterator<Item = ObjectMeta>) -> Catalog {
        let mut catalog = Catalog::default();
        for mut object in objects {
            let at = catalog.objects.len();
            catalog.by_name.insert(object.name.to_string(), at);
            catalog.by_plural.insert(object.plural.to_string(), at);
            object.layout = Some(match object.layout.take() {
                Some(own) => own.completed(&object),
                None => Layout::generated(&object),
            });
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

    /// The same catalogue with fields added to some objects, whole objects added, and layouts of its own.
    pub fn extended(
        &self,
        fields: impl IntoIterator<Item = (Str, FieldMeta)>,
        objects: impl IntoIterator<Item = ObjectMeta>,
        layouts: impl IntoIterator<Item = (String, Layout)>,
    ) -> Catalog {
        let mut all: Vec<ObjectMeta> = self.objects.iter().map(|o| (**o).clone()).chain(objects).collect();
        let mut layouts: HashMap<String, Layout> = layouts.into_iter().collect();
        for object in &mut all {
            object.layout = layouts.remove(object.name.as_ref());
        }
        for (name, field) in fields {
            if let Some(object) = all.iter_mut().find(|o| o.name == name) {
                object.fields.to_mut().push(field);
            }
        }
        Catalog { extension: self.extension.clone(), ..Catalog::new(all) }
    }

    /// Gives fields other levels of sensitivity than declared, companions with them.
    pub fn classify(&mut self, levels: impl IntoIterator<Item = (String, String, Sensitivity)>) {
        for (object, key, level) in levels {
            let Some(object) = self.by_name.get(&object).and_then(|i| self.objects.get_mut(*i)) else { continue };
            let companion = format!("{key}_e164");
            for field in Arc::make_mut(object).fields.to_mut() {
                if field.key == key || field.key == companion {
                    field.sensitivity = level;
                }
            }
        }
    }

    /// What the server needs beside the metadata to read this company's records.
    pub fn extension<T: Any>(&self) -> Option<&T> {
        self.extension.as_deref().and_then(|e| (e as &dyn Any).downcast_ref())
    }

    pub fn extend(&mut self, extension: impl Any + Send + Sync) {
        self.extension = Some(Arc::new(extension));
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

    /// By which other reference of the same record a reference is bounded, if its field says so.
    pub fn cascade<'c>(&'c self, object: &'c ObjectMeta, field: &FieldMeta) -> Option<Cascade<'c>> {
        let outer = object.field(field.within.as_deref()?).filter(|f| f.kind.is_reference())?;
        let target = self.get(field.target()?)?;
        let same = |f: &&FieldMeta| f.kind.is_reference() && f.target() == outer.target();
        let link = target.field(&outer.key).filter(same).or_else(|| target.fields.iter().find(same))?;
        Some(Cascade { outer, link })
    }

    pub fn relation(&self, object: &str, name: &str) -> Option<&Related> {
        self.related(object).iter().find(|r| r.name == name)
    }
}
