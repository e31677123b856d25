UPDATE saved_views SET visibility = 'private' WHERE visibility = 'team';
ALTER TABLE saved_views
    DROP COLUMN default_for_ids,
    DROP COLUMN unit_id;
