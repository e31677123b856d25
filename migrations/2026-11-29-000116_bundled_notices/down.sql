ALTER TABLE notifications DROP COLUMN others;
