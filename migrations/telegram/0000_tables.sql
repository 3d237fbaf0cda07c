CREATE TABLE `telegram_blocked_groups` (
	`peer` integer PRIMARY KEY NOT NULL,
	`note` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `telegram_users` (
	`id` integer PRIMARY KEY NOT NULL,
	`phone` integer NOT NULL,
	`first_name` text NOT NULL,
	`lang` integer NOT NULL,
	`sender_ends_at` text,
	`finder_ends_at` text,
	`active_until` integer,
	`deleted_at` integer,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `telegram_users_active` ON `telegram_users` (`active_until`) WHERE active_until IS NOT NULL;--> statement-breakpoint
CREATE INDEX `telegram_users_deleted` ON `telegram_users` (`deleted_at`) WHERE deleted_at IS NOT NULL;