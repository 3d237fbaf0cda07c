CREATE TABLE `ems_inline_bodies` (
	`id` integer PRIMARY KEY NOT NULL,
	`checked_until` text NOT NULL
);
--> statement-breakpoint
-- Every body over 2 KB is announced here before its row is written. Without a rowid that is one row less.
CREATE TABLE `ems_garbage_copy` AS SELECT `key`, `due_at` FROM `ems_garbage`;
--> statement-breakpoint
DROP TABLE `ems_garbage`;
--> statement-breakpoint
CREATE TABLE `ems_garbage` (
	`key` text PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `ems_garbage` SELECT `key`, `due_at` FROM `ems_garbage_copy`;
--> statement-breakpoint
DROP TABLE `ems_garbage_copy`;
--> statement-breakpoint
CREATE INDEX `ems_garbage_due` ON `ems_garbage` (`due_at`);
