ALTER TABLE positions DROP COLUMN name_en;
ALTER TABLE departments DROP COLUMN name_en;
ALTER TABLE saved_views DROP COLUMN name_en;
ALTER TABLE pipelines DROP COLUMN name_en;
ALTER TABLE roles DROP COLUMN description_en, DROP COLUMN name_en;
