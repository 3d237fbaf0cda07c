import { type SQL, sql } from "drizzle-orm/sql";
import { nowSeconds } from "../../lib/time.ts";
import { log } from "../../platform/log.ts";
import { batch, type Ctx, ofCompany } from "../context.ts";
import type { Folder } from "../folders.ts";
import { isProviderError, type ProviderMessage } from "../provider/port.ts";
import { folderByName, folderOf } from "./folder-names.ts";
import type { MailAccount, State } from "./state.ts";

/** A provider that has failed to list an account's folders is not asked again before this. */
const ASK_AGAIN_SECONDS = 60;
/** So many addresses of an account are learnt. */
const MAX_ALIASES = 50;

/** Where a message lies, and who has sent it. */
export interface FolderFacts {
  /** Undefined when the provider has not told. */
  folders: Set<Folder> | undefined;
  /** Whether it is from the account's own address, or one that it is known to send from. */
  isOwn: boolean;
}

/** The known folders among those that the message names, and whether its sender is an alias. */
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
 * Finds out where a message lies. If a folder id is unknown, the account's folders are read again, once.
 * @param rows what `selectKnownFolders` gave
 * @throws ProviderError when the provider's limit is reached; after any other failure the folder counts as ordinary
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
 * Reads the account's folders anew, and keeps what each of them is. A provider that fails is asked again later.
 * @param told ids that must be known from now on: those that the provider does not list are ordinary folders
 * @throws ProviderError when its limit is reached
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
    log("warn", "folders.not_read", { accountId: account.id, error });
    await companyCtx.db.run(
      sql`UPDATE ems_accounts SET folders_failed_at = unixepoch() WHERE id = ${account.id}`,
    );
    return new Map();
  }
}

/** Something about the account's folders has changed: the next mail that needs them has them read again. */
export const forgetFolders = (ctx: Ctx, account: MailAccount): Promise<unknown> =>
  ofCompany(ctx, account.company_id).db.run(sql`DELETE FROM ems_folders WHERE account_id = ${account.id}`);

/** A mail in several folders lies in the first of these: what Gmail has in inbox and sent lies in the inbox. */
const PRECEDENCE: Folder[] = ["drafts", "trash", "junk", "inbox", "sent", "archive"];

/**
 * Where a message lies and which way it went. The folder says who sent it, and where it does not: the address. (A
 * mail in the inbox or in junk may forge ours.) What was stored stays where nothing else is told.
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
  // It was taken out of the last folder that it was in.
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

/** Who has mail in the sent folder from the start is somebody that the mailbox sends as. */
export function learnAlias(account: MailAccount, { folders, isOwn }: FolderFacts, from: string): SQL[] {
  if (isOwn || from === "" || !folders?.has("sent") || folders.has("junk")) return [];
  return [
    sql`
      INSERT INTO ems_aliases (account_id, email_address) SELECT ${account.id}, ${lower(from)}
      WHERE (SELECT count(*) FROM ems_aliases WHERE account_id = ${account.id}) < ${MAX_ALIASES}
      ON CONFLICT DO NOTHING`,
  ];
}
