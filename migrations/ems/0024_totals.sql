CREATE TABLE `ems_reports` (
	`company_id` integer NOT NULL,
	`name` text NOT NULL,
	`value` integer NOT NULL,
	PRIMARY KEY(`company_id`, `name`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `ems_reports_extreme` ON `ems_reports` (`name`,`value`) WHERE name > 'since';--> statement-breakpoint
CREATE TABLE `ems_totals` (
	`name` text PRIMARY KEY NOT NULL,
	`value` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `ems_deliveries_received` ON `ems_deliveries` (`received_at`) WHERE state = 'received';--> statement-breakpoint
CREATE INDEX `ems_outbox_unknown_since` ON `ems_outbox` (`tried_at`) WHERE state = 'unknown' AND due_at IS NOT NULL;