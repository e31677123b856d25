//! Which fields fit which part of a layout.

use kezhan_meta::{FieldMeta, FieldType as T, ObjectMeta};

fn shown(field: &FieldMeta) -> bool {
    let told = !field.secret && !field.hidden && !field.unasked;
    told && field.key != "id" && field.key != "deleted_at" && field.key != "deleted_by"
}

fn of(object: &ObjectMeta, fits: impl Fn(&FieldMeta) -> bool) -> Vec<FieldMeta> {
    object.fields.iter().filter(|f| shown(f) && fits(f)).cloned().collect()
}

/// A step of a pipeline.
pub fn is_stage(field: &FieldMeta) -> bool {
    matches!(field.kind, T::Reference { .. }) && field.target() == Some("stage")
}

fn is_column(field: &FieldMeta) -> bool {
    is_stage(field) || matches!(field.kind, T::Choice { .. })
}

pub fn any_board(object: &ObjectMeta) -> bool {
    object.fields.iter().any(|f| shown(f) && is_column(f))
}

/// Fields whose values can be the columns of a board: the stages of a pipeline first, what one may change before the
/// rest.
pub fn boards(object: &ObjectMeta) -> Vec<FieldMeta> {
    let mut found = of(object, is_column);
    found.sort_by_key(|f| (!is_stage(f), f.read_only));
    found
}

/// Fields by which a board has rows of its own.
pub fn lanes(object: &ObjectMeta) -> Vec<FieldMeta> {
    of(object, |f| matches!(f.kind, T::Choice { .. } | T::Reference { .. } | T::User | T::Department | T::Boolean))
}

fn is_dated(field: &FieldMeta) -> bool {
    matches!(field.kind, T::Date | T::DateTime)
}

pub fn any_date(object: &ObjectMeta) -> bool {
    object.fields.iter().any(|f| shown(f) && is_dated(f))
}

/// Days and instants that a calendar can show: those that people set before those that the server does.
pub fn dates(object: &ObjectMeta) -> Vec<FieldMeta> {
    let mut found = of(object, is_dated);
    let moment = object.moment.as_deref();
    found.sort_by_key(|f| (f.read_only, Some(f.key.as_ref()) != moment, !f.in_list));
    found
}

/// References by which records stand below others of their own kind.
pub fn hierarchies(object: &ObjectMeta) -> Vec<FieldMeta> {
    of(object, |f| {
        let single = matches!(f.kind, T::Reference { .. } | T::User | T::Department);
        single && f.target() == Some(&object.name) && !kezhan_meta::system::is_system(&f.key)
    })
}

pub fn covers(object: &ObjectMeta) -> Vec<FieldMeta> {
    of(object, |f| f.kind == T::File)
}

/// What a chart can be drawn by.
pub fn groups(object: &ObjectMeta) -> Vec<FieldMeta> {
    let mut found = of(object, |f| {
        f.sortable()
            && f.filterable()
            && matches!(
                f.kind,
                T::Choice { .. }
                    | T::Reference { .. }
                    | T::User
                    | T::Department
                    | T::Boolean
                    | T::Date
                    | T::DateTime
                    | T::Text
            )
            && !f.unique
            && f.key != object.title
    });
    let rank = |f: &FieldMeta| match f.kind {
        _ if is_stage(f) => 0,
        T::Choice { .. } => 1,
        T::User => 2,
        T::Text => 4,
        _ => 3,
    };
    found.sort_by_key(|f| (rank(f), !f.in_list));
    found
}

/// Numbers that can be added up or averaged.
pub fn numbers(object: &ObjectMeta) -> Vec<FieldMeta> {
    let mut found = of(object, |f| f.kind.is_number() && f.key != "version");
    found.sort_by_key(|f| (f.kind != T::Money, !f.in_list));
    found
}

/// The field that was asked for where it fits, else the first that does.
pub fn asked(fits: Vec<FieldMeta>, key: Option<&str>) -> Option<FieldMeta> {
    let at = fits.iter().position(|f| Some(f.key.as_ref()) == key).unwrap_or(0);
    fits.into_iter().nth(at)
}

/// The field that was asked for; nothing where none was.
pub fn only(fits: Vec<FieldMeta>, key: Option<&str>) -> Option<FieldMeta> {
    fits.into_iter().find(|f| Some(f.key.as_ref()) == key)
}
