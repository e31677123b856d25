ALTER TABLE users
    DROP COLUMN preferences,
    DROP COLUMN avatar_id;
DROP TABLE record_layouts;
