ALTER TABLE `ems_accounts` ADD `proven_at` integer;
--> statement-breakpoint
-- Who has or had a grant has proven the address. A disconnected account may have lost all but its history.
UPDATE ems_accounts SET proven_at = created_at
WHERE grant_id IS NOT NULL OR grant_provider IS NOT NULL OR message_count > 0
  OR id IN (SELECT account_id FROM ems_syncs);
--> statement-breakpoint
DROP INDEX `ems_accounts_email`;
--> statement-breakpoint
CREATE UNIQUE INDEX `ems_accounts_proven` ON `ems_accounts` (lower("email_address")) WHERE proven_at IS NOT NULL;
--> statement-breakpoint
CREATE UNIQUE INDEX `ems_accounts_company_email` ON `ems_accounts` (`company_id`,lower("email_address"));
--> statement-breakpoint
-- What stood for "there is no mail yet".
UPDATE ems_syncs SET oldest_at = NULL WHERE oldest_at = 253402300799;
