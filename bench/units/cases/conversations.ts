import { filledId } from "../../support/fill.ts";
import { call, type User } from "../stage.ts";
import { type Case, get, having, plain } from "./case.ts";

const PATH = "/conversations";

/** A page after the first ones. */
const laterPage = (name: string, user: User, query: string, before: number): Case =>
  having(
    name,
    {},
    async (stage) => {
      let cursor = "";
      for (let n = 0; n < before; n++) {
        const page = await call(stage, user, "GET", `${PATH}?${query}${cursor}`);
        if (page.next_cursor) cursor = `&cursor=${page.next_cursor}`;
      }
      return cursor;
    },
    (stage, cursor) => call(stage, user, "GET", `${PATH}?${query}${cursor}`),
  );

/** A thread that no other change touches. */
const thread = (n: number) => filledId("thread", 1, n);

/** Lists of conversations. */
export const CONVERSATIONS: Case[] = [
  get("conversations, nothing touched", "newcomer", PATH, { route: "GET /conversations" }),
  get("conversations, all read but ten", "reader", PATH),
  get("conversations, unread, nothing touched", "newcomer", `${PATH}?is_read=false`),
  get("conversations, unread, ten among all", "reader", `${PATH}?is_read=false`),
  get("conversations, ten that are not archived", "archivist", PATH),
  get("conversations, archived, all but ten", "archivist", `${PATH}?view=archived`),
  get("conversations, starred", "reader", `${PATH}?view=starred`),
  get("conversations, all", "reader", `${PATH}?view=all`),
  get("conversations, unread of all, ten among all", "reader", `${PATH}?view=all&is_read=false`),
  get("conversations, sent", "reader", `${PATH}?view=sent`),
  get("conversations, trash", "reader", `${PATH}?view=trash`),
  laterPage("conversations, page 8, nothing touched", "newcomer", "view=inbox", 7),
  laterPage("conversations, page 8, all read but ten", "reader", "view=inbox", 7),
  laterPage("conversations, all, page 8", "reader", "view=all", 7),
  get("conversations, one of 4", "reader", `${PATH}?thread_id=${thread(5)}`),
  get("conversations, one of 100 mails", "talkative", PATH),
  get("conversations, 40 companies", "of40", PATH),
  get("conversations, 40 companies, all read but ten each", "regular", PATH),
  get("conversations, unread, 40 companies, ten each", "regular", `${PATH}?is_read=false`),
  get("conversations, all, 40 companies", "of40", `${PATH}?view=all`),
  get("conversations, 300 companies", "of300", PATH),
];

const change = (name: string, nth: number, changes: object): Case =>
  plain(name, { route: "PATCH /conversations/:thread_id" }, (stage) =>
    call(stage, "reader", "PATCH", `${PATH}/${thread(nth)}`, changes),
  );

/** Changes of whole conversations. */
export const CONVERSATION_CHANGES: Case[] = [
  change("archive a conversation of 4", 30, { is_archived: true }),
  change("archive it again", 30, { is_archived: true }),
  change("star a conversation", 31, { is_starred: true }),
  plain("archive 25 conversations", { route: "PATCH /conversations" }, (stage) =>
    call(stage, "reader", "PATCH", PATH, {
      thread_ids: Array.from({ length: 25 }, (_, n) => thread(40 + n)),
      changes: { is_archived: true },
    }),
  ),
];
