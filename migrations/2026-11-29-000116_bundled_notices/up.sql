-- How many more records of the same kind came from the same person in one go: somebody's hand-over is one line.
ALTER TABLE notifications ADD COLUMN others bigint;
