CREATE TABLE `ems_drafts` (
	`id` text PRIMARY KEY NOT NULL,
	`company_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`created_by` integer NOT NULL,
	`updated_by` integer NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`content` text,
	`content_key` text,
	`reply_to_message_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ems_drafts_company` ON `ems_drafts` (`company_id`,`updated_at`,`id`);--> statement-breakpoint
CREATE TABLE `ems_idempotency_keys` (
	`user_id` integer NOT NULL,
	`key` text NOT NULL,
	`request_hash` text NOT NULL,
	`status` integer,
	`body` text,
	`body_key` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `key`)
);
--> statement-breakpoint
CREATE INDEX `ems_idempotency_keys_age` ON `ems_idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `ems_outbox` (
	`id` text PRIMARY KEY NOT NULL,
	`company_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`user_id` integer NOT NULL,
	`state` text NOT NULL,
	`provider_key` text NOT NULL,
	`idempotency_key` text,
	`mail` text,
	`mail_key` text,
	`mail_digest` text NOT NULL,
	`subject` text NOT NULL,
	`to_addresses` text NOT NULL,
	`thread_id` text,
	`thread_version` integer,
	`message_id` text,
	`send_at` integer NOT NULL,
	`tried_at` integer,
	`attempts` integer DEFAULT 0 NOT NULL,
	`due_at` integer,
	`detail` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ems_outbox_idempotency` ON `ems_outbox` (`user_id`,`idempotency_key`) WHERE idempotency_key IS NOT NULL;--> statement-breakpoint
CREATE INDEX `ems_outbox_company` ON `ems_outbox` (`company_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `ems_outbox_due` ON `ems_outbox` (`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `ems_outbox_unknown` ON `ems_outbox` (`account_id`) WHERE state = 'unknown';--> statement-breakpoint
CREATE TABLE `ems_uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`company_id` integer NOT NULL,
	`user_id` integer NOT NULL,
	`filename` text NOT NULL,
	`content_type` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`content_id` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ems_uploads_age` ON `ems_uploads` (`created_at`);