CREATE TABLE `ems_users` (
	`company_id` integer NOT NULL,
	`user_id` integer NOT NULL,
	`name` text NOT NULL,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`company_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `ems_departures` ADD `sent_by` integer;--> statement-breakpoint
ALTER TABLE `ems_messages` ADD `sent_by` integer;--> statement-breakpoint
-- The outbox still has who sent the mails of the last 30 days.
UPDATE `ems_messages` SET `sent_by` = o.`user_id` FROM `ems_outbox` o
WHERE o.`message_id` = `ems_messages`.`id` AND o.`state` = 'sent';
--> statement-breakpoint
CREATE INDEX `ems_messages_sender` ON `ems_messages` (`account_id`,lower("from_address"),`sent_at`) WHERE hidden = 0;
