CREATE TABLE `hub_places` (
	`id` integer PRIMARY KEY NOT NULL,
	`square` integer NOT NULL,
	`lat` real NOT NULL,
	`long` real NOT NULL,
	`city` text NOT NULL,
	`country` text NOT NULL,
	`population` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `hub_places_square` ON `hub_places` (`square`);--> statement-breakpoint
ALTER TABLE `hub_locations` ADD `address_due_at` integer;--> statement-breakpoint
CREATE INDEX `hub_locations_due` ON `hub_locations` (`address_due_at`) WHERE address_due_at IS NOT NULL;