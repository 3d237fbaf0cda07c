CREATE TABLE `hub_codes` (
	`user_id` integer NOT NULL,
	`kind` text NOT NULL,
	`code_digest` text NOT NULL,
	`guesses` integer DEFAULT 0 NOT NULL,
	`email` text,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `kind`)
);
--> statement-breakpoint
CREATE INDEX `hub_codes_expired` ON `hub_codes` (`expires_at`);--> statement-breakpoint
CREATE TABLE `hub_limits` (
	`key` text PRIMARY KEY NOT NULL,
	`count` integer NOT NULL,
	`ends_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `hub_limits_ended` ON `hub_limits` (`ends_at`);--> statement-breakpoint
CREATE TABLE `hub_mails` (
	`id` text PRIMARY KEY NOT NULL,
	`sealed` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`due_at` integer,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `hub_mails_due` ON `hub_mails` (`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `hub_mails_created` ON `hub_mails` (`created_at`);--> statement-breakpoint
CREATE TABLE `hub_resets` (
	`link_digest` text PRIMARY KEY NOT NULL,
	`user_id` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `hub_resets_user` ON `hub_resets` (`user_id`);--> statement-breakpoint
CREATE INDEX `hub_resets_expired` ON `hub_resets` (`expires_at`);--> statement-breakpoint
CREATE TABLE `hub_sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` integer NOT NULL,
	`generation` integer DEFAULT 0 NOT NULL,
	`refreshed_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `hub_sessions_user` ON `hub_sessions` (`user_id`);--> statement-breakpoint
CREATE INDEX `hub_sessions_expired` ON `hub_sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `hub_signups` (
	`email_key` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`password` text,
	`language` text NOT NULL,
	`code_digest` text NOT NULL,
	`guesses` integer DEFAULT 0 NOT NULL,
	`cookie_digest` text NOT NULL,
	`address` text NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `hub_signups_cookie` ON `hub_signups` (`cookie_digest`);--> statement-breakpoint
CREATE INDEX `hub_signups_address` ON `hub_signups` (`address`,`code_digest`);--> statement-breakpoint
CREATE INDEX `hub_signups_expired` ON `hub_signups` (`expires_at`);--> statement-breakpoint
CREATE TABLE `hub_files` (
	`key` text PRIMARY KEY NOT NULL,
	`owner_id` integer NOT NULL,
	`kind` text NOT NULL,
	`content_type` text NOT NULL,
	`size` integer NOT NULL,
	`is_used` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE INDEX `hub_files_owner` ON `hub_files` (`owner_id`);--> statement-breakpoint
CREATE INDEX `hub_files_unused` ON `hub_files` (`created_at`) WHERE is_used = 0;--> statement-breakpoint
CREATE INDEX `hub_files_deleted` ON `hub_files` (`deleted_at`) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `hub_likes` (
	`id` text PRIMARY KEY NOT NULL,
	`post_id` text NOT NULL,
	`owner_id` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_likes_once` ON `hub_likes` (`post_id`,`owner_id`);--> statement-breakpoint
CREATE INDEX `hub_likes_post` ON `hub_likes` (`post_id`,`id`);--> statement-breakpoint
CREATE INDEX `hub_likes_owner` ON `hub_likes` (`owner_id`);--> statement-breakpoint
CREATE TABLE `hub_post_comments` (
	`id` text PRIMARY KEY NOT NULL,
	`post_id` text NOT NULL,
	`owner_id` integer NOT NULL,
	`comment` text NOT NULL,
	`reply_to` text,
	`is_edited` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer
);
--> statement-breakpoint
CREATE INDEX `hub_post_comments_post` ON `hub_post_comments` (`post_id`,`id`);--> statement-breakpoint
CREATE INDEX `hub_post_comments_owner` ON `hub_post_comments` (`owner_id`);--> statement-breakpoint
CREATE INDEX `hub_post_comments_reply` ON `hub_post_comments` (`reply_to`) WHERE reply_to IS NOT NULL;--> statement-breakpoint
CREATE TABLE `hub_post_images` (
	`id` text PRIMARY KEY NOT NULL,
	`post_id` text NOT NULL,
	`position` integer NOT NULL,
	`file` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_post_images_post` ON `hub_post_images` (`post_id`,`position`);--> statement-breakpoint
CREATE TABLE `hub_post_views` (
	`id` text PRIMARY KEY NOT NULL,
	`post_id` text NOT NULL,
	`owner_id` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_post_views_once` ON `hub_post_views` (`post_id`,`owner_id`);--> statement-breakpoint
CREATE INDEX `hub_post_views_post` ON `hub_post_views` (`post_id`,`id`);--> statement-breakpoint
CREATE INDEX `hub_post_views_owner` ON `hub_post_views` (`owner_id`);--> statement-breakpoint
CREATE TABLE `hub_posts` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` integer NOT NULL,
	`content` text DEFAULT '' NOT NULL,
	`is_active` integer DEFAULT true NOT NULL,
	`is_edited` integer DEFAULT false NOT NULL,
	`like_count` integer DEFAULT 0 NOT NULL,
	`comment_count` integer DEFAULT 0 NOT NULL,
	`view_count` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer
);
--> statement-breakpoint
CREATE INDEX `hub_posts_owner` ON `hub_posts` (`owner_id`,`id`);--> statement-breakpoint
CREATE INDEX `hub_posts_active` ON `hub_posts` (`id`) WHERE is_active = 1;--> statement-breakpoint
CREATE TABLE `hub_comments` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`content` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `hub_story_marked` (
	`story_id` integer NOT NULL,
	`user_id` integer NOT NULL,
	PRIMARY KEY(`story_id`, `user_id`)
);
--> statement-breakpoint
CREATE INDEX `hub_story_marked_user` ON `hub_story_marked` (`user_id`);--> statement-breakpoint
CREATE TABLE `hub_story_reactions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`story_id` integer NOT NULL,
	`user_id` integer NOT NULL,
	`reaction` text NOT NULL,
	`reacted_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_story_reactions_once` ON `hub_story_reactions` (`story_id`,`user_id`);--> statement-breakpoint
CREATE INDEX `hub_story_reactions_user` ON `hub_story_reactions` (`user_id`);--> statement-breakpoint
CREATE TABLE `hub_stories` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`owner_id` integer NOT NULL,
	`media` text NOT NULL,
	`caption` text DEFAULT '' NOT NULL,
	`audience` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `hub_stories_owner` ON `hub_stories` (`owner_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `hub_story_views` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`story_id` integer NOT NULL,
	`viewer_id` integer NOT NULL,
	`viewed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_story_views_once` ON `hub_story_views` (`story_id`,`viewer_id`);--> statement-breakpoint
CREATE INDEX `hub_story_views_viewer` ON `hub_story_views` (`viewer_id`);--> statement-breakpoint
CREATE TABLE `hub_addresses` (
	`position` text PRIMARY KEY NOT NULL,
	`address` text NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `hub_addresses_expired` ON `hub_addresses` (`expires_at`);--> statement-breakpoint
CREATE TABLE `hub_blocks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` integer NOT NULL,
	`blocked_id` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_blocks_pair` ON `hub_blocks` (`user_id`,`blocked_id`);--> statement-breakpoint
CREATE INDEX `hub_blocks_blocked` ON `hub_blocks` (`blocked_id`,`user_id`);--> statement-breakpoint
CREATE TABLE `hub_contacts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`owner_id` integer NOT NULL,
	`contact_id` integer NOT NULL,
	`nickname` text DEFAULT '' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_contacts_pair` ON `hub_contacts` (`owner_id`,`contact_id`);--> statement-breakpoint
CREATE INDEX `hub_contacts_contact` ON `hub_contacts` (`contact_id`,`owner_id`);--> statement-breakpoint
CREATE TABLE `hub_locations` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` integer NOT NULL,
	`lat` text NOT NULL,
	`long` text NOT NULL,
	`cell` integer NOT NULL,
	`wide_cell` integer NOT NULL,
	`country` text,
	`city` text,
	`county` text,
	`neighbourhood` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_locations_user_id_unique` ON `hub_locations` (`user_id`);--> statement-breakpoint
CREATE INDEX `hub_locations_cell` ON `hub_locations` (`cell`,`user_id`);--> statement-breakpoint
CREATE INDEX `hub_locations_wide_cell` ON `hub_locations` (`wide_cell`,`user_id`);--> statement-breakpoint
CREATE TABLE `hub_statuses` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` integer NOT NULL,
	`content` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_statuses_user_id_unique` ON `hub_statuses` (`user_id`);--> statement-breakpoint
CREATE TABLE `hub_users` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`email` text NOT NULL,
	`password` text,
	`google_sub` text,
	`username` text,
	`first_name` text DEFAULT '' NOT NULL,
	`last_name` text DEFAULT '' NOT NULL,
	`bio` text DEFAULT '' NOT NULL,
	`phone` text,
	`picture` text,
	`is_private` integer DEFAULT false NOT NULL,
	`is_staff` integer DEFAULT false NOT NULL,
	`language` text DEFAULT 'uz' NOT NULL,
	`date_joined` integer NOT NULL,
	`last_login` integer,
	`last_online` integer,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hub_users_email` ON `hub_users` (lower(email));--> statement-breakpoint
CREATE UNIQUE INDEX `hub_users_google` ON `hub_users` (`google_sub`) WHERE google_sub IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `hub_users_username` ON `hub_users` (lower(username)) WHERE username IS NOT NULL;--> statement-breakpoint
CREATE INDEX `hub_users_deleted` ON `hub_users` (`deleted_at`) WHERE deleted_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `hub_words` (
	`word` text NOT NULL,
	`user_id` integer NOT NULL,
	PRIMARY KEY(`word`, `user_id`)
);
--> statement-breakpoint
CREATE INDEX `hub_words_user` ON `hub_words` (`user_id`);