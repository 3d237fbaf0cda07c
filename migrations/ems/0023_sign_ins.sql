CREATE TABLE `ems_sign_ins` (
	`digest` text PRIMARY KEY NOT NULL,
	`request` text NOT NULL,
	`is_used` integer DEFAULT false NOT NULL,
	`expires_at` integer NOT NULL
);
