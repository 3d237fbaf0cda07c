CREATE TABLE `ems_late_messages` (
	`seq` integer PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`message_id` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ems_late_messages_account` ON `ems_late_messages` (`account_id`,`seq`);--> statement-breakpoint
ALTER TABLE `ems_inbox_counters` ADD `late_seen` integer DEFAULT 0 NOT NULL;