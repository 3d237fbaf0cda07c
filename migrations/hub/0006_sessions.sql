CREATE TABLE `hub_attempts` (
	`ends_at` integer NOT NULL,
	`key` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`ends_at`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `__new_hub_sessions` (
	`user_id` integer NOT NULL,
	`id` text NOT NULL,
	`generation` integer DEFAULT 0 NOT NULL,
	`refreshed_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_hub_sessions`("user_id", "id", "generation", "refreshed_at", "created_at", "expires_at") SELECT "user_id", "id", "generation", "refreshed_at", "created_at", "expires_at" FROM `hub_sessions`;--> statement-breakpoint
DROP TABLE `hub_sessions`;--> statement-breakpoint
ALTER TABLE `__new_hub_sessions` RENAME TO `hub_sessions`;--> statement-breakpoint
CREATE INDEX `hub_sessions_expired` ON `hub_sessions` (`expires_at`);--> statement-breakpoint
DROP INDEX `hub_signups_address`;--> statement-breakpoint
CREATE UNIQUE INDEX `hub_signups_address` ON `hub_signups` (`address`,`code_digest`);