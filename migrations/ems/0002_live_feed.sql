CREATE TABLE `ems_stream_tickets` (
	`digest` text PRIMARY KEY NOT NULL,
	`claims` text NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `ems_messages` ADD `thread_version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `ems_threads` ADD `version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `ems_events_shared` ON `ems_events` (`company_id`,`id`) WHERE user_id IS NULL;--> statement-breakpoint
CREATE INDEX `ems_events_own` ON `ems_events` (`user_id`,`company_id`,`id`) WHERE user_id IS NOT NULL;