import { invalid } from "../../lib/errors.ts";
import type { UserCtx } from "../context.ts";
import { mailingObject } from "../mailing-object.ts";

const PUBLIC = 0;
const PRIVATE = 1;

/** Lists all groups of the user's accounts, also those that get no posts because they are excluded or blocked. */
export const listGroups = async (ctx: UserCtx) =>
  (await mailingObject(ctx).groups()).map(({ id, title, username }) => ({
    id,
    name: title,
    type: username === null ? PRIVATE : PUBLIC,
    link: username === null ? null : `https://t.me/${username}`,
  }));

/** Has the groups looked up in the background. */
export const syncGroups = (ctx: UserCtx): Promise<void> => mailingObject(ctx).sync();

/** The ids of the listed groups that the user wants no posts in. */
export const listExcluded = async (ctx: UserCtx) => ({
  ids: (await mailingObject(ctx).groups()).filter(({ isExcluded }) => isExcluded).map(({ id }) => id),
});

/** Keeps posts out of these groups, and out of no others that are listed. @throws ServiceError invalid for unknown ids */
export async function exclude(ctx: UserCtx, { ids }: { ids: number[] }) {
  const unknown = await mailingObject(ctx).exclude(ids);
  if (unknown.length === 0) return listExcluded(ctx);
  const issues = unknown.map((id) => ({
    path: "ids",
    message: `Invalid pk "${id}" - object does not exist.`,
  }));
  throw invalid("There are no such groups", issues);
}
