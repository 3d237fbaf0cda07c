import { nowSeconds } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { batch, type Ctx, ofCompany } from "../context.ts";
import type { Folder } from "../folders.ts";
import { isProviderError, type ProviderMessage } from "../provider/port.ts";
import { folderByName, folderOf } from "./folder-names.ts";
import type { MailAccount, State } from "./state.ts";

/** How long to wait after a provider failed to list an account's folders. */
const ASK_AGAIN_SECONDS = 60;
/** Most aliases learned per account. */
const MAX_ALIASES = 50;

/** What decides a message's folder and direction. */
export interface FolderFacts {
  /** The message's folders; undefined when the update names none. */
  folders: Set<Folder> | undefined;
  /** Whether the sender is the account's address or a known alias. */
  isOwn: boolean;
}

/** Input of `loadFolderFacts`: rows of the message's folders, and of its account. */
export type KnownFolders = [folders: FolderRow[], accounts: AccountRow[]];

/** Selects the rows of KnownFolders. */
export const selectKnownFolders = (
  account: MailAccount,
  { folders, from }: ProviderMessage,
): [SQL<FolderRow>, SQL<AccountRow>] => [
  sql`
    SELECT f.provider_folder_id AS id, f.folder FROM json_each(${JSON.stringify(folders ?? [])}) j
    CROSS JOIN ems_folders f ON f.account_id = ${account.id} AND f.provider_folder_id = j.value`,
  sql`
    SELECT folders_failed_at AS failed_at, EXISTS (
      SELECT 1 FROM ems_aliases WHERE account_id = ${account.id} AND email_address = ${lower(from?.email)}) AS is_alias
    FROM ems_accounts WHERE id = ${account.id}`,
];

/**
 * Classifies a message's folders. An unknown folder id makes it reload the account's folders, once a minute at
 * most after a failure.
 * @param rows what `selectKnownFolders` returned
 * @throws ProviderError when the provider's rate limit is reached; after other errors an unknown folder counts as
 *   archive
 */
export async function loadFolderFacts(
  ctx: Ctx,
  account: MailAccount,
  message: ProviderMessage,
  [folderRows, [accountRow]]: KnownFolders,
): Promise<FolderFacts> {
  const isOwn = lower(message.from?.email) === lower(account.email_address) || accountRow?.is_alias === 1;
  if (!message.folders) return { folders: undefined, isOwn };
  let known = toMap(folderRows);
  const isUnknown = (id: string) => !known.has(id) && folderByName(id) === undefined;
  const mayAsk = (accountRow?.failed_at ?? 0) < nowSeconds() - ASK_AGAIN_SECONDS;
  if (mayAsk && message.folders.some(isUnknown)) known = await refreshFolders(ctx, account, message.folders);
  const folders = message.folders.flatMap((id): Folder[] => {
    const kept = known.has(id) ? known.get(id) : folderByName(id);
    return kept === null ? [] : [kept ?? "archive"];
  });
  return { folders: new Set(folders), isOwn };
}

interface FolderRow {
  id: string;
  folder: Folder | null;
}

interface AccountRow {
  failed_at: number | null;
  is_alias: number;
}

const toMap = (rows: FolderRow[]) => new Map(rows.map(({ id, folder }) => [id, folder]));

const lower = (address: string | undefined): string => (address ?? "").toLowerCase();

/**
 * Reloads the account's folders and stores their classes. After a failure the next attempt waits 60 s.
 * @param required folder ids that must be known afterwards; unlisted ones count as archive
 * @returns classes by folder id; empty after a failure
 * @throws ProviderError when the provider's rate limit is reached
 */
export async function refreshFolders(
  ctx: Ctx,
  account: MailAccount,
  required: string[] = [],
): Promise<Map<string, Folder | null>> {
  const { grant_id } = account;
  if (!grant_id) return new Map();
  const companyCtx = ofCompany(ctx, account.company_id);
  try {
    const listed = await companyCtx.providerOf({ grant_id }).listFolders(grant_id);
    const unlisted = required.filter((id) => !listed.some((folder) => folder.id === id));
    const rows = [...listed, ...unlisted.map((id) => ({ id, name: "", attributes: [] }))].map(
      (folder): FolderRow => ({ id: folder.id, folder: folderOf(folder) }),
    );
    await batch(companyCtx, [
      sql`
        DELETE FROM ems_folders WHERE account_id = ${account.id} AND provider_folder_id IN (
          SELECT value ->> 'id' FROM json_each(${JSON.stringify(rows)}))`,
      sql`
        INSERT INTO ems_folders (account_id, provider_folder_id, folder)
        SELECT ${account.id}, value ->> 'id', value ->> 'folder' FROM json_each(${JSON.stringify(rows)}) WHERE true
        ON CONFLICT DO NOTHING`,
      sql`UPDATE ems_accounts SET folders_failed_at = NULL WHERE id = ${account.id} AND folders_failed_at IS NOT NULL`,
    ]);
    return toMap(rows);
  } catch (error) {
    if (!isProviderError(error) || error.fault === "rate_limited") throw error;
    log("warn", "folders.not_read", { account: account.id, error });
    await companyCtx.db.run(
      sql`UPDATE ems_accounts SET folders_failed_at = unixepoch() WHERE id = ${account.id}`,
    );
    return new Map();
  }
}

/** Drops the stored folders of an account. The next mail that needs them reloads them. */
export const forgetFolders = (ctx: Ctx, account: MailAccount): Promise<unknown> =>
  ofCompany(ctx, account.company_id).db.run(sql`DELETE FROM ems_folders WHERE account_id = ${account.id}`);

/** For a mail in several folders the first of these wins. Gmail mail in inbox and sent is in the inbox. */
const PRECEDENCE: Folder[] = ["drafts", "trash", "junk", "inbox", "sent", "archive"];

/**
 * Derives folder and direction. The folder decides the direction, because mail in inbox or junk may forge our
 * address. Only without a folder does the address decide. Stored values stay where the update has none.
 */
export function fileMessage(
  { folders, isOwn }: FolderFacts,
  stored: Pick<State, "folder" | "direction" | "from_address"> | undefined,
): Pick<State, "folder" | "direction"> {
  const direction = directionOf(folders, isOwn, stored);
  const byDirection = direction === "outbound" ? "sent" : "inbox";
  const folder = folders && PRECEDENCE.find((each) => folders.has(each));
  if (folder) return { folder, direction };
  if (!folders || !stored) return { folder: stored?.folder ?? byDirection, direction };
  // It was removed from its last folder.
  return { folder: stored.folder === "sent" ? "sent" : "archive", direction };
}

function directionOf(
  folders: Set<Folder> | undefined,
  isOwn: boolean,
  stored: Pick<State, "direction" | "from_address"> | undefined,
): State["direction"] {
  if (folders?.has("junk")) return "inbound";
  if (folders?.has("sent")) return "outbound";
  if (folders?.has("inbox")) return "inbound";
  if (stored?.from_address) return stored.direction;
  return isOwn ? "outbound" : "inbound";
}

/** Learns the sender of a new mail in the sent folder as an alias of the mailbox. */
export function learnAlias(account: MailAccount, { folders, isOwn }: FolderFacts, from: string): SQL[] {
  if (isOwn || from === "" || !folders?.has("sent") || folders.has("junk")) return [];
  return [
    sql`
      INSERT INTO ems_aliases (account_id, email_address) SELECT ${account.id}, ${lower(from)}
      WHERE (SELECT count(*) FROM ems_aliases WHERE account_id = ${account.id}) < ${MAX_ALIASES}
      ON CONFLICT DO NOTHING`,
  ];
}
