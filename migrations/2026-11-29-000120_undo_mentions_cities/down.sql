ALTER TABLE notifications DROP COLUMN entry;
ALTER TABLE changes DROP COLUMN derived;
