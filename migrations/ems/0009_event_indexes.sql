DROP INDEX `ems_events_company`;--> statement-breakpoint
CREATE INDEX `ems_events_private` ON `ems_events` (`company_id`,`id`) WHERE user_id IS NOT NULL;