CREATE INDEX `hub_story_reactions_story` ON `hub_story_reactions` (`story_id`,`id`);--> statement-breakpoint
CREATE INDEX `hub_stories_media` ON `hub_stories` (`media`);--> statement-breakpoint
CREATE INDEX `hub_story_views_story` ON `hub_story_views` (`story_id`,`id`);