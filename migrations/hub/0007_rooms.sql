CREATE TABLE `hub_chat_files` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`owner_id` integer NOT NULL,
	`unique_id` text NOT NULL,
	`file` text NOT NULL,
	`file_type` text NOT NULL,
	`file_size` integer NOT NULL,
	`is_temporary` integer DEFAULT true NOT NULL,
	`uploaded_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_chat_files_once` ON `hub_chat_files` (`owner_id`,`unique_id`);--> statement-breakpoint
CREATE INDEX `hub_chat_files_owner` ON `hub_chat_files` (`owner_id`,`id`);--> statement-breakpoint
CREATE INDEX `hub_chat_files_temporary` ON `hub_chat_files` (`uploaded_at`) WHERE is_temporary = 1;--> statement-breakpoint
CREATE UNIQUE INDEX `hub_chat_files_file` ON `hub_chat_files` (`file`);--> statement-breakpoint
CREATE TABLE `hub_room_deletions` (
	`room_id` text NOT NULL,
	`number` integer NOT NULL,
	PRIMARY KEY(`room_id`, `number`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `hub_room_listeners` (
	`user_id` integer NOT NULL,
	`room_id` text NOT NULL,
	PRIMARY KEY(`user_id`, `room_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `hub_room_listeners_room` ON `hub_room_listeners` (`room_id`);--> statement-breakpoint
CREATE TABLE `hub_room_members` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`room_id` text NOT NULL,
	`user_id` integer NOT NULL,
	`rank` integer NOT NULL,
	`read_number` integer DEFAULT 0 NOT NULL,
	`joined_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_room_members_once` ON `hub_room_members` (`room_id`,`user_id`);--> statement-breakpoint
CREATE INDEX `hub_room_members_user` ON `hub_room_members` (`user_id`,`room_id`);--> statement-breakpoint
CREATE INDEX `hub_room_members_rank` ON `hub_room_members` (`room_id`,`rank`,`id`);--> statement-breakpoint
CREATE TABLE `hub_room_removals` (
	`room_id` text NOT NULL,
	`user_id` integer NOT NULL,
	PRIMARY KEY(`room_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `hub_room_removals_user` ON `hub_room_removals` (`user_id`);--> statement-breakpoint
CREATE TABLE `hub_rooms` (
	`id` text PRIMARY KEY NOT NULL,
	`key` integer NOT NULL,
	`room_type` text NOT NULL,
	`name` text,
	`username` text,
	`description` text,
	`picture` text,
	`pair` text,
	`member_count` integer DEFAULT 0 NOT NULL,
	`version` integer DEFAULT 0 NOT NULL,
	`last_seq` integer DEFAULT 0 NOT NULL,
	`last_number` integer DEFAULT 0 NOT NULL,
	`cleared_number` integer DEFAULT 0 NOT NULL,
	`last_message` text,
	`active_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_rooms_key` ON `hub_rooms` (`key`);--> statement-breakpoint
CREATE UNIQUE INDEX `hub_rooms_username` ON `hub_rooms` (`username`) WHERE username IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `hub_rooms_pair` ON `hub_rooms` (`pair`) WHERE pair IS NOT NULL;--> statement-breakpoint
CREATE INDEX `hub_rooms_deleted` ON `hub_rooms` (`deleted_at`) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `hub_chat_tickets` (
	`digest` text PRIMARY KEY NOT NULL,
	`user_id` integer NOT NULL,
	`session_id` text NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `hub_chat_tickets_expired` ON `hub_chat_tickets` (`expires_at`);
--> statement-breakpoint
-- Keep the number of members. The version tells the room's Object that somebody may hear less from now on.
CREATE TRIGGER hub_room_members_added AFTER INSERT ON hub_room_members BEGIN
  UPDATE hub_rooms SET member_count = member_count + 1 WHERE id = NEW.room_id;
END;
--> statement-breakpoint
CREATE TRIGGER hub_room_members_removed AFTER DELETE ON hub_room_members BEGIN
  UPDATE hub_rooms SET member_count = member_count - 1, version = version + 1 WHERE id = OLD.room_id;
END;
