CREATE TABLE `ems_directory` (
	`key` text PRIMARY KEY NOT NULL,
	`company_id` integer NOT NULL,
	`claimed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ems_directory_company` ON `ems_directory` (`company_id`);--> statement-breakpoint
CREATE TABLE `ems_changed_rows` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`key` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ems_moves` (
	`id` integer PRIMARY KEY NOT NULL,
	`company_id` integer NOT NULL,
	`started_at` integer NOT NULL
);
