ALTER TABLE `ems_accounts` ADD `hidden_message_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `ems_accounts` ADD `hidden_thread_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `ems_accounts` ADD `folders_failed_at` integer;--> statement-breakpoint
ALTER TABLE `ems_threads` ADD `hidden_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `ems_threads` ADD `hidden` integer GENERATED ALWAYS AS (message_count = 0) VIRTUAL;--> statement-breakpoint
ALTER TABLE `ems_messages` ADD `folder` text DEFAULT 'inbox' NOT NULL;--> statement-breakpoint
ALTER TABLE `ems_messages` ADD `hidden` integer GENERATED ALWAYS AS (folder IN ('junk', 'trash', 'drafts')) VIRTUAL;--> statement-breakpoint
ALTER TABLE `ems_inbox_entries` ADD `folder` text DEFAULT 'inbox' NOT NULL;--> statement-breakpoint
ALTER TABLE `ems_inbox_entries` ADD `hidden` integer GENERATED ALWAYS AS (folder IN ('junk', 'trash', 'drafts')) VIRTUAL;--> statement-breakpoint
UPDATE `ems_messages` SET `folder` = 'sent' WHERE `direction` = 'outbound';--> statement-breakpoint
UPDATE `ems_inbox_entries` SET `folder` = 'sent' WHERE `message_id` IN (SELECT `id` FROM `ems_messages` WHERE `direction` = 'outbound');--> statement-breakpoint
DROP INDEX `ems_threads_company`;--> statement-breakpoint
CREATE INDEX `ems_threads_company` ON `ems_threads` (`company_id`,`hidden`,`last_message_at`,`id`);--> statement-breakpoint
DROP INDEX `ems_threads_account`;--> statement-breakpoint
CREATE INDEX `ems_threads_account` ON `ems_threads` (`account_id`,`hidden`,`last_message_at`,`id`);--> statement-breakpoint
DROP INDEX `ems_messages_company`;--> statement-breakpoint
CREATE INDEX `ems_messages_company` ON `ems_messages` (`company_id`,`hidden`,`sent_at`,`id`);--> statement-breakpoint
DROP INDEX `ems_messages_account`;--> statement-breakpoint
CREATE INDEX `ems_messages_account` ON `ems_messages` (`account_id`,`hidden`,`sent_at`,`id`);--> statement-breakpoint
CREATE INDEX `ems_messages_folder` ON `ems_messages` (`account_id`,`folder`,`sent_at`,`id`);--> statement-breakpoint
DROP INDEX `ems_messages_thread`;--> statement-breakpoint
CREATE INDEX `ems_messages_thread` ON `ems_messages` (`thread_id`,`hidden`,`sent_at`,`id`);--> statement-breakpoint
DROP INDEX `ems_inbox_entries_shown`;--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_shown` ON `ems_inbox_entries` (`user_id`,`account_id`,`sent_at`,`message_id`) WHERE is_archived = 0 AND hidden = 0;--> statement-breakpoint
DROP INDEX `ems_inbox_entries_unread`;--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_unread` ON `ems_inbox_entries` (`user_id`,`account_id`,`sent_at`,`message_id`) WHERE is_archived = 0 AND hidden = 0 AND is_read = 0;--> statement-breakpoint
DROP INDEX `ems_inbox_entries_read`;--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_read` ON `ems_inbox_entries` (`user_id`,`account_id`,`sent_at`,`message_id`) WHERE is_archived = 0 AND hidden = 0 AND is_read = 1;--> statement-breakpoint
DROP INDEX `ems_inbox_entries_company_read`;--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_company_read` ON `ems_inbox_entries` (`user_id`,`company_id`,`sent_at`,`message_id`) WHERE is_archived = 0 AND hidden = 0 AND is_read = 1;--> statement-breakpoint
CREATE TABLE `ems_folders` (
	`account_id` text NOT NULL,
	`provider_folder_id` text NOT NULL,
	`folder` text,
	PRIMARY KEY(`account_id`, `provider_folder_id`)
);
--> statement-breakpoint
CREATE TABLE `ems_aliases` (
	`account_id` text NOT NULL,
	`email_address` text NOT NULL,
	PRIMARY KEY(`account_id`, `email_address`)
);
--> statement-breakpoint
CREATE TABLE `ems_departures` (
	`message_id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`internet_message_id` text NOT NULL,
	`from_address` text NOT NULL,
	`subject` text NOT NULL,
	`sent_at` integer NOT NULL,
	`thread_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`entries` text NOT NULL,
	`departed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ems_departures_internet` ON `ems_departures` (`account_id`,`internet_message_id`);--> statement-breakpoint
CREATE TABLE `ems_folder_counters` (
	`account_id` text NOT NULL,
	`folder` text NOT NULL,
	`message_count` integer DEFAULT 0 NOT NULL,
	`thread_count` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`account_id`, `folder`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `ems_thread_folders` (
	`thread_id` text NOT NULL,
	`folder` text NOT NULL,
	`account_id` text NOT NULL,
	`message_count` integer NOT NULL,
	`last_message_at` integer NOT NULL,
	PRIMARY KEY(`thread_id`, `folder`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `ems_thread_folders_account` ON `ems_thread_folders` (`account_id`,`folder`,`last_message_at`,`thread_id`);--> statement-breakpoint
CREATE TABLE `ems_inbox_state_counters` (
	`user_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`folder` text NOT NULL,
	`state` integer NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`user_id`, `account_id`, `folder`, `state`)
);
--> statement-breakpoint
CREATE INDEX `ems_inbox_state_counters_account` ON `ems_inbox_state_counters` (`account_id`);--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_folder` ON `ems_inbox_entries` (`user_id`,`account_id`,`folder`,`sent_at`,`message_id`) WHERE is_archived = 0;--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_folder_unread` ON `ems_inbox_entries` (`user_id`,`account_id`,`folder`,`sent_at`,`message_id`) WHERE is_archived = 0 AND is_read = 0;--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_starred` ON `ems_inbox_entries` (`user_id`,`account_id`,`sent_at`,`message_id`) WHERE is_starred = 1;--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_archived` ON `ems_inbox_entries` (`user_id`,`account_id`,`sent_at`,`message_id`) WHERE is_archived = 1;--> statement-breakpoint
INSERT INTO `ems_thread_folders` SELECT m.thread_id, m.folder, t.account_id, count(*), max(m.sent_at) FROM ems_messages m JOIN ems_threads t ON t.id = m.thread_id GROUP BY m.thread_id, m.folder;--> statement-breakpoint
INSERT INTO `ems_folder_counters` (account_id, folder, message_count) SELECT account_id, folder, count(*) FROM ems_messages GROUP BY account_id, folder;--> statement-breakpoint
INSERT INTO `ems_folder_counters` (account_id, folder, thread_count) SELECT account_id, folder, count(*) FROM ems_thread_folders WHERE true GROUP BY account_id, folder ON CONFLICT (account_id, folder) DO UPDATE SET thread_count = excluded.thread_count;--> statement-breakpoint
INSERT INTO `ems_inbox_state_counters` SELECT * FROM (SELECT user_id, account_id, folder, is_read + 2 * is_starred + 4 * is_archived AS state, count(*) FROM ems_inbox_entries GROUP BY 1, 2, 3, 4) WHERE state > 1 OR (state = 1 AND folder <> 'inbox');
