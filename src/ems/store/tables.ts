const ofCompany = (company: number): string => `company_id = ${company}`;

/** An account that is being erased still has rows, but is no longer in ems_accounts. */
const ofAccounts = (company: number): string => `account_id IN (
  SELECT id FROM ems_accounts WHERE company_id = ${company}
  UNION SELECT account_id FROM ems_erasures WHERE company_id = ${company})`;

/** What a company has in R2: each kind is a prefix of keys, followed by the company's id. */
export const KEY_KINDS = ["attachments", "bodies", "drafts", "outbox", "uploads"];

/** "0" is the character after "/". */
const ofKeys = (company: number): string =>
  KEY_KINDS.map((kind) => `(key > '${kind}/${company}/' AND key < '${kind}/${company}0')`).join(" OR ");

/**
 * The tables with rows of companies, and the condition for those of one. Conditions read ems_accounts, ems_erasures and
 * ems_outbox, so rows of these are deleted last.
 */
export const COMPANY_TABLES: Record<string, (company: number) => string> = {
  companies: (company) => `id = ${company}`,
  ems_accounts: ofCompany,
  ems_erasures: ofCompany,
  ems_outbox: ofCompany,
  ems_outbox_files: (company) => `outbox_id IN (SELECT id FROM ems_outbox WHERE company_id = ${company})`,
  ems_threads: ofCompany,
  ems_messages: ofCompany,
  ems_attachments: ofCompany,
  ems_inbox_entries: ofCompany,
  ems_events: ofCompany,
  ems_drafts: ofCompany,
  ems_uploads: ofCompany,
  ems_users: ofCompany,
  ems_deliveries: ofAccounts,
  ems_syncs: ofAccounts,
  ems_suspects: ofAccounts,
  ems_inbox_stretches: ofAccounts,
  ems_late_messages: ofAccounts,
  ems_inbox_counters: ofAccounts,
  ems_pending_references: ofAccounts,
  ems_folder_counters: ofAccounts,
  ems_thread_folders: ofAccounts,
  ems_folders: ofAccounts,
  ems_aliases: ofAccounts,
  ems_departures: ofAccounts,
  ems_tombstones: ofAccounts,
  ems_garbage: ofKeys,
};

/** Tables whose ids must never come again, although their newest rows may be gone. */
export const NUMBERED = { ems_events: "id", ems_late_messages: "seq" };
