ALTER TABLE follow_ups DROP COLUMN mentions_ids;
DROP TABLE favorites, notifications, subscriptions;
