-- Groups that a run leaves out without a try: JSON of [{ at, reason, phone, groups }], an entry for all of one moment. A row
-- for each would be thousands a run, for a user with thousands of groups.
ALTER TABLE runs ADD COLUMN skips TEXT NOT NULL DEFAULT '[]';

-- What became of each group in a run.
CREATE VIEW outcomes AS
  SELECT run_id, group_id, state, reason, phone, message_id, coalesce(ended_at, tried_at) AS at FROM deliveries
  UNION ALL
  SELECT r.id, g.value, 'skipped', s.value ->> 'reason', s.value ->> 'phone', NULL, s.value ->> 'at'
  FROM runs r, json_each(r.skips) s, json_each(s.value, '$.groups') g;
