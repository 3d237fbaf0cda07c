import type { UserCtx } from "../context.ts";
import { type Folder, HIDDEN_FOLDERS } from "../folders.ts";
import type { Filter } from "../items/counts.ts";
import { sliceOf } from "../lists/pagination.ts";
import { isNewer, parseRanges } from "./dense-ranges.ts";
import { groupScopes, isByAccount, type Scope, usesRanges } from "./entries.ts";
import type { InboxQuery } from "./schemas.ts";

/** An account, and the user's dense ranges in it, as JSON of `selectRanges`. */
interface Account {
  id: string;
  company_id: number;
  ranges: string;
}

/** The scopes of a thread's messages. */
export function scopesOfThread({
  account_id,
  thread_id,
  folder,
}: InboxQuery & { thread_id: string }): Scope[] {
  const parts = folder === undefined ? ["shown" as const] : folder === "all" ? PARTS : [folder];
  const thread = { column: "thread_id" as const, value: thread_id, ranges: [], account: account_id };
  return parts.map((part) => ({ ...thread, part }));
}

/**
 * The scopes of a list that is not of a thread.
 * @param known the caller's accounts that the query asks for
 */
export function scopesOf(known: Account[], { account_id, folder }: InboxQuery, filter: Filter): Scope[] {
  const accounts = usesRanges(filter) ? known : known.map((account) => ({ ...account, ranges: "[]" }));
  if (folder !== undefined && folder !== "all") return accounts.map((account) => scopeOf(account, folder));
  const byAccount = account_id !== undefined || isByAccount(filter);
  const companies = Map.groupBy(accounts, ({ company_id }) => company_id);
  return [...companies].flatMap(([company, members]): Scope[] => {
    const scopes = members.map((account) => scopeOf(account, "shown"));
    const isPlain = !byAccount && scopes.every(({ ranges }) => ranges.length === 0);
    const whole = { column: "company_id" as const, value: company, ranges: [] };
    const shown: Scope[] = isPlain ? [{ ...whole, part: "shown" }] : scopes;
    if (folder !== "all") return shown;
    const hidden = byAccount ? scopes : [whole];
    return [...shown, ...hidden.map((scope): Scope => ({ ...scope, part: "hidden", ranges: [] }))];
  });
}

const PARTS = ["shown", "hidden"] as const;

/** Hidden folders have no dense ranges. */
const scopeOf = ({ id, ranges }: Pick<Account, "id" | "ranges">, part: "shown" | Folder): Scope => ({
  column: "account_id",
  value: id,
  part,
  ranges: HIDDEN_FOLDERS.includes(part) ? [] : parseRanges(ranges),
});

/**
 * Guesses the scopes of a list. Before the user's first read, no message is in a dense range.
 * @param accounts JSON of the caller's accounts at the last read
 * @param total how many messages the list had, for a later page
 * @returns null for a page that waits for the accounts or the total
 */
export function guessScopes(
  { user }: UserCtx,
  query: InboxQuery,
  filter: Filter,
  accounts: string | undefined,
  total: number,
): Scope[] | null {
  const { account_id, cursor } = query;
  const known: Account[] | undefined = accounts ? JSON.parse(accounts) : undefined;
  const asked = known?.filter(({ id }) => account_id === undefined || id === account_id);
  const scopes = asked ? scopesOf(asked, query, filter) : untouched(user.companies, query, filter);
  const { first } = sliceOf(query);
  const isLater = first > 0 && (first >= total || groupScopes(scopes, filter).length > 1);
  if (scopes.length === 0 || isLater) return null;
  if (!cursor) return scopes;
  return scopes.map((scope) => ({
    ...scope,
    ranges: scope.ranges.filter(({ oldest }) => isNewer(cursor, oldest)),
  }));
}

/** Scopes without dense ranges. Without any, the accounts must be known. */
function untouched(companies: number[], query: InboxQuery, filter: Filter): Scope[] {
  const { account_id, folder } = query;
  const plain = { company_id: 0, ranges: "[]" };
  if (account_id) return scopesOf([{ ...plain, id: account_id }], query, filter);
  if (isByAccount(filter) || (folder !== undefined && folder !== "all")) return [];
  const rows = companies.map((company_id) => ({ ...plain, id: "", company_id }));
  return scopesOf(rows, query, filter);
}
