-- What was interrupted by an outage goes on by itself, and lost notifications are found out.
ALTER TABLE `ems_deliveries` ADD `cause_kind` text;
--> statement-breakpoint
ALTER TABLE `ems_deliveries` ADD `retry_at` integer;
--> statement-breakpoint
ALTER TABLE `ems_deliveries` ADD `replays` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
CREATE INDEX `ems_deliveries_parked_of` ON `ems_deliveries` (`account_id`,`received_at`) WHERE state = 'parked';
--> statement-breakpoint
CREATE INDEX `ems_deliveries_retry` ON `ems_deliveries` (`retry_at`) WHERE retry_at IS NOT NULL;
--> statement-breakpoint
ALTER TABLE `ems_syncs` ADD `failures` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE `ems_syncs` ADD `sweeping_since` integer;
--> statement-breakpoint
ALTER TABLE `ems_syncs` ADD `audited_until` integer;
--> statement-breakpoint
CREATE INDEX `ems_syncs_failed` ON `ems_syncs` (`moved_at`) WHERE state = 'failed';
--> statement-breakpoint
CREATE TABLE `ems_suspects` (
	`account_id` text NOT NULL,
	`provider_message_id` text NOT NULL,
	`ask_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `provider_message_id`)
) WITHOUT ROWID;
--> statement-breakpoint
-- What was parked before causes were kept may have been parked by an outage: it is tried once more, and then again
-- only if it was one.
UPDATE `ems_deliveries` SET `retry_at` = unixepoch() WHERE `state` = 'parked' AND `account_id` IS NOT NULL;
