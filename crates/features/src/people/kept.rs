//! Conditions that are kept and compare a field, found before that field is encrypted.

use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use kezhan_engine::Result;
use uuid::Uuid;

/// Names of views, rules, roles and layouts whose conditions compare this field with a value: that would stand there in
/// the clear for ever.
pub fn comparing(conn: &mut PgConnection, tenant: Uuid, object: &str, key: &str) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
    }
    // Of the object itself by its key, of any other at the end of a path.
    let own = format!(r#"$.** ? (@.field == "{key}" && @.op != "null")"#);
    let far = format!(r#"$.** ? (@.field like_regex "\\.{key}$" && @.op != "null")"#);
    let holds = |condition: &str, object: &str| {
        format!(
            "({object} = $2 AND jsonb_path_exists({condition}, $3::jsonpath) \
             OR jsonb_path_exists({condition}, $4::jsonpath))"
        )
    };
    let living = "tenant_id = $1 AND deleted_at IS NULL";
    let sql = format!(
        "SELECT name::text AS name FROM saved_views WHERE {living} AND {} \
         UNION ALL SELECT name::text FROM sharing_rules WHERE {living} AND {} \
         UNION ALL SELECT name::text FROM retention_rules WHERE {living} AND {} \
         UNION ALL SELECT object::text FROM record_layouts WHERE {living} AND {} \
         UNION ALL SELECT name::text FROM roles WHERE {living} AND {} LIMIT 5",
        holds("settings->'filter'", "object"),
        holds("condition", "object"),
        holds("condition", "object"),
        holds("settings", "object"),
        // Grants name the object above the condition.
        "(jsonb_path_exists(grants->$2, $3::jsonpath) OR jsonb_path_exists(grants, $4::jsonpath))",
    );
    let rows: Vec<Row> = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(tenant)
        .bind::<Text, _>(object)
        .bind::<Text, _>(own)
        .bind::<Text, _>(far)
        .load(conn)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}
