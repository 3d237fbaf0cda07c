ALTER TABLE `ems_threads` ADD `merged_into` text;
--> statement-breakpoint
ALTER TABLE `ems_pending_references` ADD `base_subject` text;
--> statement-breakpoint
ALTER TABLE `ems_pending_references` ADD `has_ancestor` integer DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE `ems_tombstones` ADD `internet_message_id` text;
--> statement-breakpoint
ALTER TABLE `ems_tombstones` ADD `thread_id` text;
--> statement-breakpoint
CREATE INDEX `ems_tombstones_internet` ON `ems_tombstones` (`account_id`,`internet_message_id`) WHERE internet_message_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX `ems_tombstones_thread` ON `ems_tombstones` (`thread_id`) WHERE thread_id IS NOT NULL;
