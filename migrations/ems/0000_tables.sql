CREATE TABLE `ems_accounts` (
	`id` text PRIMARY KEY NOT NULL,
	`company_id` integer NOT NULL,
	`email_address` text NOT NULL,
	`display_name` text,
	`provider` text NOT NULL,
	`grant_id` text,
	`grant_provider` text,
	`status` text NOT NULL,
	`status_reason` text,
	`grant_observed_at` integer DEFAULT 0 NOT NULL,
	`last_sync_at` integer,
	`created_at` integer NOT NULL,
	`message_count` integer DEFAULT 0 NOT NULL,
	`thread_count` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ems_accounts_email` ON `ems_accounts` (lower("email_address"));--> statement-breakpoint
CREATE UNIQUE INDEX `ems_accounts_grant` ON `ems_accounts` (`grant_id`);--> statement-breakpoint
CREATE INDEX `ems_accounts_company` ON `ems_accounts` (`company_id`);--> statement-breakpoint
CREATE TABLE `ems_attachments` (
	`id` text PRIMARY KEY NOT NULL,
	`company_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`message_id` text NOT NULL,
	`provider_attachment_id` text NOT NULL,
	`filename` text NOT NULL,
	`content_type` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`content_id` text,
	`is_inline` integer NOT NULL,
	`stored_at` integer,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ems_attachments_provider` ON `ems_attachments` (`message_id`,`provider_attachment_id`);--> statement-breakpoint
CREATE TABLE `companies` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ems_deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`grant_id` text,
	`account_id` text,
	`received_at` integer NOT NULL,
	`occurred_at` integer,
	`state` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`error` text,
	`finished_at` integer,
	`key` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ems_deliveries_account` ON `ems_deliveries` (`account_id`,`received_at`,`id`);--> statement-breakpoint
CREATE INDEX `ems_deliveries_parked` ON `ems_deliveries` (`received_at`) WHERE state = 'parked';--> statement-breakpoint
CREATE TABLE `ems_events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`company_id` integer NOT NULL,
	`user_id` integer,
	`type` text NOT NULL,
	`thread_id` text,
	`message_id` text,
	`account_id` text,
	`cause` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ems_events_cause` ON `ems_events` (`cause`);--> statement-breakpoint
CREATE INDEX `ems_events_company` ON `ems_events` (`company_id`,`id`);--> statement-breakpoint
CREATE TABLE `ems_inbox_counters` (
	`user_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`read_count` integer DEFAULT 0 NOT NULL,
	`archived_count` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`user_id`, `account_id`)
);
--> statement-breakpoint
CREATE TABLE `ems_inbox_entries` (
	`user_id` integer NOT NULL,
	`message_id` text NOT NULL,
	`company_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`sent_at` integer NOT NULL,
	`is_read` integer DEFAULT false NOT NULL,
	`is_starred` integer DEFAULT false NOT NULL,
	`is_archived` integer DEFAULT false NOT NULL,
	`read_at` integer,
	PRIMARY KEY(`message_id`, `user_id`)
);
--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_shown` ON `ems_inbox_entries` (`user_id`,`account_id`,`sent_at`,`message_id`) WHERE is_archived = 0;--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_unread` ON `ems_inbox_entries` (`user_id`,`account_id`,`sent_at`,`message_id`) WHERE is_archived = 0 AND is_read = 0;--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_read` ON `ems_inbox_entries` (`user_id`,`account_id`,`sent_at`,`message_id`) WHERE is_archived = 0 AND is_read = 1;--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_company_read` ON `ems_inbox_entries` (`user_id`,`company_id`,`sent_at`,`message_id`) WHERE is_archived = 0 AND is_read = 1;--> statement-breakpoint
CREATE TABLE `ems_inbox_stretches` (
	`user_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`newest_at` integer NOT NULL,
	`newest_id` text NOT NULL,
	`oldest_at` integer NOT NULL,
	`oldest_id` text NOT NULL,
	PRIMARY KEY(`user_id`, `account_id`, `newest_at`, `newest_id`)
);
--> statement-breakpoint
CREATE INDEX `ems_inbox_stretches_newest` ON `ems_inbox_stretches` (`account_id`,`newest_at`);--> statement-breakpoint
CREATE INDEX `ems_inbox_stretches_oldest` ON `ems_inbox_stretches` (`account_id`,`oldest_at`);--> statement-breakpoint
CREATE TABLE `ems_messages` (
	`id` text PRIMARY KEY NOT NULL,
	`company_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`thread_id` text NOT NULL,
	`provider_message_id` text NOT NULL,
	`provider_thread_id` text,
	`internet_message_id` text,
	`from_address` text NOT NULL,
	`from_name` text,
	`to_addresses` text NOT NULL,
	`cc_addresses` text,
	`bcc_addresses` text,
	`subject` text NOT NULL,
	`snippet` text,
	`direction` text NOT NULL,
	`has_attachments` integer NOT NULL,
	`attachment_count` integer DEFAULT 0 NOT NULL,
	`threaded_by` text DEFAULT 'none' NOT NULL,
	`delivery_state` text,
	`delivery_detail` text,
	`opened_count` integer DEFAULT 0 NOT NULL,
	`clicked_count` integer DEFAULT 0 NOT NULL,
	`sent_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`observed_at` integer NOT NULL,
	`applied_by` text NOT NULL,
	`body_digest` text,
	`body_key` text,
	`body_text` text,
	`body_html` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ems_messages_provider` ON `ems_messages` (`account_id`,`provider_message_id`);--> statement-breakpoint
CREATE INDEX `ems_messages_company` ON `ems_messages` (`company_id`,`sent_at`,`id`);--> statement-breakpoint
CREATE INDEX `ems_messages_account` ON `ems_messages` (`account_id`,`sent_at`,`id`);--> statement-breakpoint
CREATE INDEX `ems_messages_thread` ON `ems_messages` (`thread_id`,`sent_at`,`id`);--> statement-breakpoint
CREATE INDEX `ems_messages_provider_thread` ON `ems_messages` (`account_id`,`provider_thread_id`);--> statement-breakpoint
CREATE INDEX `ems_messages_internet` ON `ems_messages` (`account_id`,`internet_message_id`);--> statement-breakpoint
CREATE TABLE `ems_pending_references` (
	`account_id` text NOT NULL,
	`internet_message_id` text NOT NULL,
	`message_id` text NOT NULL,
	PRIMARY KEY(`account_id`, `internet_message_id`, `message_id`)
);
--> statement-breakpoint
CREATE TABLE `ems_syncs` (
	`account_id` text PRIMARY KEY NOT NULL,
	`run` text NOT NULL,
	`state` text NOT NULL,
	`cursor` text,
	`fetched` integer DEFAULT 0 NOT NULL,
	`estimated_total` integer,
	`oldest_at` integer,
	`moved_at` integer NOT NULL,
	`swept_until` integer NOT NULL,
	`swept_at` integer,
	`repaired` integer DEFAULT 0 NOT NULL,
	`last_error` text
);
--> statement-breakpoint
CREATE INDEX `ems_syncs_swept` ON `ems_syncs` (`swept_until`);--> statement-breakpoint
CREATE TABLE `ems_threads` (
	`id` text PRIMARY KEY NOT NULL,
	`company_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`provider_thread_id` text,
	`subject` text NOT NULL,
	`first_message_at` integer NOT NULL,
	`last_message_at` integer NOT NULL,
	`message_count` integer DEFAULT 0 NOT NULL,
	`do_not_delete` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ems_threads_provider` ON `ems_threads` (`account_id`,`provider_thread_id`);--> statement-breakpoint
CREATE INDEX `ems_threads_company` ON `ems_threads` (`company_id`,`last_message_at`,`id`);--> statement-breakpoint
CREATE INDEX `ems_threads_account` ON `ems_threads` (`account_id`,`last_message_at`,`id`);--> statement-breakpoint
CREATE TABLE `ems_tombstones` (
	`account_id` text NOT NULL,
	`provider_message_id` text NOT NULL,
	`deleted_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `provider_message_id`)
);
