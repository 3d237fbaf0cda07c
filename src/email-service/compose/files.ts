import { startAll } from "../../lib/concurrency.ts";
import { invalid } from "../../lib/errors.ts";
import type { StoredFile } from "../../mailbox/contract.ts";
import { sql } from "../../platform/d1/sql.ts";
import { type AccountRow, ownerOf } from "../accounts/row.ts";
import type { Ctx } from "../context.ts";
import { ask, isNotFound } from "../engine.ts";

/** Each may fetch a file from a mail server. */
const AT_ONCE = 2;

/**
 * Finds the files of a mail: attachments and uploads of any mailbox of the user who has the account.
 * @returns the files in the order of the ids
 * @throws ServiceError invalid for an id that no mailbox of the user has; otherwise as `ask`
 */
export async function findFiles(ctx: Ctx, account: AccountRow, ids: string[]): Promise<StoredFile[]> {
  if (ids.length === 0) return [];
  const accountOf = (id: string) => id.slice(0, account.id.length);
  const named = JSON.stringify([...new Set(ids.map(accountOf))]);
  const rows = await ctx.db.all(sql<AccountRow>`
    SELECT a.* FROM json_each(${named}) j CROSS JOIN es_accounts a ON a.id = j.value
    WHERE a.tenant_id = ${account.tenant_id} AND a.user_id = ${account.user_id} AND a.deleted_at IS NULL`);
  const owners = new Map(rows.map((row) => [row.id, ownerOf(row)]));
  const find = async (id: string): Promise<StoredFile> => {
    const owner = owners.get(accountOf(id));
    if (!owner) throw unknown(id);
    const found = ask(ctx, owner, (mailbox, of) => mailbox.file(of, id));
    return (await found.catch((error) => Promise.reject(isNotFound(error) ? unknown(id) : error))).file;
  };
  return Promise.all(
    startAll(
      ids.map((id) => () => find(id)),
      AT_ONCE,
    ),
  );
}

const unknown = (id: string) => invalid(`attachmentIds: there is no attachment ${id}`);
