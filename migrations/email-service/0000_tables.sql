CREATE TABLE `es_accounts` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`user_id` text NOT NULL,
	`account_name` text NOT NULL,
	`email_address` text NOT NULL,
	`protocol` text NOT NULL,
	`hostname` text NOT NULL,
	`port` integer NOT NULL,
	`encryption` text NOT NULL,
	`username` text NOT NULL,
	`smtp` text NOT NULL,
	`login` text NOT NULL,
	`is_sync_enabled` integer NOT NULL,
	`sync_interval` integer NOT NULL,
	`is_enabled` integer NOT NULL,
	`state` text NOT NULL,
	`is_syncing` integer DEFAULT false NOT NULL,
	`last_sync_at` integer,
	`last_error` text,
	`capabilities` text DEFAULT '[]' NOT NULL,
	`key_id` text,
	`status_at` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `es_accounts_address` ON `es_accounts` (`tenant_id`,lower(email_address)) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX `es_accounts_user` ON `es_accounts` (`tenant_id`,`user_id`,`id`) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX `es_accounts_tenant` ON `es_accounts` (`tenant_id`,`id`) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX `es_accounts_former` ON `es_accounts` (`tenant_id`,`user_id`,lower(email_address)) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `es_accounts_deleted` ON `es_accounts` (`deleted_at`) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `es_garbage` (
	`key` text PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `es_garbage_due` ON `es_garbage` (`due_at`);--> statement-breakpoint
CREATE TABLE `es_idempotency_keys` (
	`user_id` text NOT NULL,
	`key` text NOT NULL,
	`request_hash` text NOT NULL,
	`status` integer,
	`body` text,
	`body_key` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `key`)
);
--> statement-breakpoint
CREATE INDEX `es_idempotency_keys_age` ON `es_idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `es_totals` (
	`name` text PRIMARY KEY NOT NULL,
	`value` integer NOT NULL
);
