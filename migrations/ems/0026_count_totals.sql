-- Sets the counts of ems_totals. A company's object also runs this after a move.
DELETE FROM ems_totals;
--> statement-breakpoint
INSERT INTO ems_totals
SELECT 'accounts_' || status, count(*) FROM ems_accounts GROUP BY status
UNION ALL SELECT 'outbox_' || state, count(*) FROM ems_outbox GROUP BY state
UNION ALL SELECT 'notifications_received', count(*) FROM ems_deliveries WHERE state = 'received' HAVING count(*) > 0
UNION ALL SELECT 'notifications_parked', count(*) FROM ems_deliveries WHERE state = 'parked' HAVING count(*) > 0
UNION ALL SELECT 'repaired', sum(repaired) FROM ems_syncs HAVING sum(repaired) > 0
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
