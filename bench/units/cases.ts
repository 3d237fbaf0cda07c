import type { Case } from "./cases/case.ts";
import { CHANGES } from "./cases/changes.ts";
import { CONVERSATION_CHANGES, CONVERSATIONS } from "./cases/conversations.ts";
import { EMAIL_SERVICE, OF_MAILBOXES } from "./cases/email-service.ts";
import { ITEMS } from "./cases/items.ts";
import { LISTS } from "./cases/lists.ts";
import { LIVE } from "./cases/live.ts";
import { MAIL } from "./cases/mail.ts";
import { NAIVE } from "./cases/naive.ts";

/** All cases in order: reads first, streams last. */
export const GROUPS: { title: string; cases: Case[] }[] = [
  { title: "Lists of mail", cases: LISTS },
  { title: "Conversations", cases: CONVERSATIONS },
  { title: "One thing read, and cron", cases: ITEMS },
  { title: "For contrast, on the same rows", cases: NAIVE },
  { title: "Changes", cases: [...CHANGES, ...CONVERSATION_CHANGES] },
  { title: "Mail that comes and goes", cases: MAIL },
  { title: "The Email Service API", cases: EMAIL_SERVICE },
  { title: "Live", cases: LIVE },
];

/** The cases of all groups. */
export const CASES: Case[] = GROUPS.flatMap(({ cases }) => cases);

/** @throws Error with the routes that have no case, or with the routes of cases that do not exist */
export function checkRoutes(routes: string[]): void {
  const called = CASES.flatMap(({ route }) => route ?? []);
  // With STORE=d1, a move is refused. The page of the web inbox is a static file.
  const isUncalled = (route: string) => /\/(move|app\/\*)$/.test(route) || OF_MAILBOXES.test(route);
  const missing = routes.filter((route) => !called.includes(route) && !isUncalled(route));
  const unknown = called.filter((route) => !routes.includes(route));
  if (missing.length) throw new Error(`No case calls: ${missing.join(", ")}`);
  if (unknown.length) throw new Error(`There is no such route: ${unknown.join(", ")}`);
}
