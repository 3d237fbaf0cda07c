import { invalid } from "../../lib/errors.ts";
import { toIso } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import { batch, narrowedTo, type UserCtx } from "../context.ts";
import { ofEachPart } from "../lists/merge.ts";
import { formatCursor } from "../lists/pagination.ts";
import { isNews, type Kept, keepName } from "../names.ts";
import type { MeResponse, UserListResponse } from "./responses.ts";
import type { UsersQuery } from "./schemas.ts";

/** Describes the caller, by their token, and keeps their name for colleagues. Companies are by id. */
export async function describeCaller(ctx: UserCtx): Promise<MeResponse> {
  const { user_id, name, role } = ctx.user;
  const parts = await Promise.all(ofEachPart(ctx).map(companiesOf));
  return { user_id, name, role, companies: parts.flat().sort((a, b) => a.id - b.id) };
}

/** The companies of one part of the database. Keeps the caller's name in those that do not have it. */
async function companiesOf({ db, user }: UserCtx): Promise<MeResponse["companies"]> {
  const rows = await db.all(sql<{ id: number; company: string | null } & Kept>`
    SELECT j.value AS id, c.name AS company, u.name, u.seen_at FROM json_each(${JSON.stringify(user.companies)}) j
    LEFT JOIN companies c ON c.id = j.value
    LEFT JOIN ems_users u ON u.company_id = j.value AND u.user_id = ${user.user_id}`);
  const news = rows.flatMap(({ id, ...kept }) => (isNews(user, kept) ? [id] : []));
  if (news.length) await db.run(keepName(user, news));
  return rows.map(({ id, company }) => ({ id, name: company }));
}

interface Seen {
  company_id: number;
  user_id: number;
  name: string;
  seen_at: number;
}

/** Before every id of a user. */
const START = Number.MIN_SAFE_INTEGER - 1;

/**
 * Lists the users who were seen with a name in the caller's companies, by id. A user has the name that was seen last.
 * @throws ServiceError invalid for a cursor of another list
 */
export async function listUsers(
  ctx: UserCtx,
  { company_id, size, cursor }: UsersQuery,
): Promise<UserListResponse> {
  const after = cursor ? Number(cursor.id) : START;
  if (cursor && !Number.isSafeInteger(after)) throw invalid("cursor: is not a cursor of this list");
  const companies = ctx.user.companies.filter((id) => company_id === undefined || id === company_id);
  const read = (part: UserCtx) =>
    batch(
      part,
      part.user.companies.map(
        (id) => sql<Seen>`
          SELECT company_id, user_id, name, seen_at FROM ems_users WHERE company_id = ${id} AND user_id > ${after}
          ORDER BY user_id LIMIT ${size + 1}`,
      ),
    );
  const parts = await Promise.all(ofEachPart(narrowedTo(ctx, companies)).map(read));
  // Each company has given its first users up to the end of the page. So none of theirs is missing.
  const users = Map.groupBy(parts.flat(2), ({ user_id }) => user_id);
  const ids = [...users.keys()].sort((a, b) => a - b);
  const items = ids.slice(0, size).map((id) => toUser(users.get(id) ?? []));
  const last = items.at(-1);
  const next_cursor = ids.length > size && last ? formatCursor({ at: 0, id: `${last.user_id}` }) : null;
  return { items, next_cursor };
}

/** @param seen the user's rows, one per company */
function toUser(seen: Seen[]): UserListResponse["items"][number] {
  const [latest] = seen.toSorted((a, b) => b.seen_at - a.seen_at);
  const { user_id, name, seen_at } = latest as Seen;
  const company_ids = seen.map((row) => row.company_id).sort((a, b) => a - b);
  return { user_id, name, company_ids, last_seen_at: toIso(seen_at) };
}
