DROP INDEX `ems_messages_provider_thread`;--> statement-breakpoint
CREATE INDEX `ems_messages_provider_thread` ON `ems_messages` (`account_id`,`provider_thread_id`,`thread_id`);--> statement-breakpoint
DROP INDEX `ems_outbox_unknown`;--> statement-breakpoint
CREATE INDEX `ems_outbox_unknown` ON `ems_outbox` (`account_id`) WHERE state = 'unknown' AND due_at IS NOT NULL;--> statement-breakpoint
ALTER TABLE `ems_accounts` ADD `draft_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `ems_syncs_running` ON `ems_syncs` (`moved_at`) WHERE state = 'running';--> statement-breakpoint
CREATE INDEX `ems_drafts_account` ON `ems_drafts` (`account_id`,`updated_at`,`id`);