use super::*;
use crate::matches::Reached;
use crate::{FieldType, Record};
use std::borrow::Cow;
use std::collections::HashMap;

fn field(key: &'static str, section: &'static str) -> FieldMeta {
    FieldMeta { section: Cow::Borrowed(section), ..FieldMeta::new(key, Label::new("字段", "Field"), FieldType::Text) }
}

fn thing(fields: Vec<FieldMeta>) -> ObjectMeta {
    ObjectMeta::custom("thing".into(), "things".into(), Label::new("物", "Thing"), Label::new("物", "Things"), fields)
}

fn context() -> Context {
    Context {
        now: chrono::Utc::now(),
        offset_minutes: 480,
        user: None,
        subordinates: [].into(),
        department: None,
        departments: Vec::new(),
    }
}

fn record(pairs: &[(&str, &str)]) -> Record {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect()
}

#[test]
fn a_layout_follows_the_sections_of_the_fields_with_the_systems_own_last() {
    let catalog = Catalog::new([thing(vec![field("name", ""), field("tel", "contact"), field("kind", "basic")])]);
    let layout = catalog.get("thing").unwrap().layout.clone().unwrap();
    let titles: Vec<&str> = layout.sections.iter().map(|s| s.title.en.as_ref()).collect();
    assert_eq!(titles, ["Basics", "Contact details", "Ownership and system"]);
    let first: Vec<&str> = layout.sections[0].fields.iter().map(|p| p.field.as_ref()).collect();
    assert_eq!(first, ["name", "kind"]);
    assert!(layout.sections[2].collapsed);
}

#[test]
fn a_field_made_after_the_layout_was_drawn_is_not_lost() {
    let drawn: Layout = serde_json::from_value(
        json!({"sections": [{"title": {"zh": "一", "en": "One"}, "fields": [{"field": "name"}, {"field": "gone"}]}]}),
    )
    .unwrap();
    let mut object = thing(vec![field("name", ""), field("late", "")]);
    object.layout = Some(drawn);
    let catalog = Catalog::new([object]);
    let layout = catalog.get("thing").unwrap().layout.clone().unwrap();
    assert!(layout.place("late").is_some() && layout.place("gone").is_none());
    assert_eq!(layout.sections[0].fields.len(), 1);
}

#[test]
fn conditions_decide_how_a_field_stands() {
    let place: Place = serde_json::from_value(json!({
        "field": "why",
        "visible_when": {"field": "state", "op": "in", "value": ["lost", "kept"]},
        "required_when": {"field": "state", "op": "eq", "value": "lost"},
        "read_only_when": {"field": "state", "op": "eq", "value": "kept"},
    }))
    .unwrap();
    let catalog = Catalog::new([thing(vec![field("name", ""), field("state", ""), field("why", "")])]);
    let object = catalog.get("thing").unwrap();
    let stand = |before: Option<&Record>, after: &Record| {
        let s = place.standing(&catalog, object, &context(), before.map(|b| b as &dyn Graph), after);
        (s.visible, s.required, s.read_only)
    };
    let [open, lost, kept] = ["open", "lost", "kept"].map(|s| record(&[("state", s)]));
    assert_eq!(stand(None, &open), (false, false, false));
    assert_eq!(stand(None, &lost), (true, true, false));
    assert_eq!(stand(None, &kept), (true, false, false), "a new record may be filled in");
    assert_eq!(stand(Some(&open), &kept), (true, false, false), "the change that brings it about may still fill it in");
    assert_eq!(stand(Some(&kept), &kept), (true, false, true));
}

#[test]
fn conditions_read_through_a_reference() {
    let stage = ObjectMeta { name: "stage".into(), plural: "stages".into(), ..thing(vec![field("outcome", "")]) };
    let to_stage = FieldMeta { kind: FieldType::Reference { to: "stage".into() }, ..field("stage", "") };
    let when = FieldMeta {
        when: Cow::Owned(vec![When {
            effect: Effect::Required,
            field: "stage.outcome".into(),
            op: Op::Eq,
            value: "lost".into(),
        }]),
        ..field("why", "")
    };
    let catalog = Catalog::new([stage, thing(vec![field("name", ""), to_stage, when])]);
    let object = catalog.get("thing").unwrap();
    assert_eq!(object.layout.as_ref().unwrap().reaches(), ["stage"]);
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let record = record(&[("name", "甲"), ("stage", id)]);
    let faults = |outcome: &str| {
        let mut stage = Record::new();
        stage.insert("outcome".into(), json!(outcome));
        let references = HashMap::from([("stage".to_owned(), stage)]);
        check(&catalog, object, &context(), None, &Reached { record: &record, references: &references })
    };
    assert_eq!(faults("lost"), [Violation::new("why", Code::Required)]);
    assert!(faults("open").is_empty());
}

#[test]
fn a_layout_that_cannot_work_is_refused_by_place() {
    let drawn: Layout =
        serde_json::from_value(json!({"sections": [{"title": {"zh": "一", "en": "One"}, "columns": 3, "fields": [
            {"field": "name", "visible_when": {"field": "kind", "op": "eq", "value": "a"}},
            {"field": "name"},
            {"field": "nothing"},
            {"field": "kind", "required_when": {"field": "colour", "op": "eq", "value": "a"}},
        ]}]}))
        .unwrap();
    let name = FieldMeta { required: true, ..field("name", "") };
    let catalog = Catalog::new([thing(vec![name, field("kind", "")])]);
    let faults = drawn.faults(&catalog, catalog.get("thing").unwrap(), &context());
    let at: Vec<(&str, Code)> = faults.iter().map(|f| (f.field.as_str(), f.code)).collect();
    assert_eq!(
        at,
        [
            ("sections.0.columns", Code::NotAnOption),
            ("sections.0.fields.0.visible_when", Code::Required),
            ("sections.0.fields.1.field", Code::Taken),
            ("sections.0.fields.2.field", Code::UnknownKey),
            ("sections.0.fields.3.required_when", Code::UnknownField),
        ]
    );
}
