-- What the system made of a change to another record is nobody's edit: taking an import back passes over it.
ALTER TABLE changes ADD COLUMN derived boolean NOT NULL DEFAULT false;

-- Where on the record's timeline it was said.
ALTER TABLE notifications ADD COLUMN entry text;

-- 南京 and 南京市 are one city: the short name is kept.
UPDATE accounts SET city = regexp_replace(city, '市$', '') WHERE city ~ '..市$';
UPDATE leads SET city = regexp_replace(city, '市$', '') WHERE city ~ '..市$';
