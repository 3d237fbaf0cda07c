import { filledId } from "../../support/fill.ts";
import type { Stage } from "../stage.ts";
import { byCursor, type Case, get } from "./case.ts";

const SIZE = 25;
/** As in the fill. */
const MESSAGES_PER_THREAD = 4;
const DEEP = "a page reads all rows before it";

const lastPage = (path: string, rowsPerMessage: number) => (stage: Stage) =>
  `${path}?page=${Math.ceil((stage.mailbox.messages * rowsPerMessage) / SIZE)}`;
const ofAccount = (path: string) => (stage: Stage) => `${path}?account_id=${stage.mailbox.accountId}`;

const INBOX: Case[] = [
  get("inbox, page 1, nothing touched", "newcomer", "/inbox/", { route: "GET /inbox" }),
  get("inbox, page 1, all read but ten", "reader", "/inbox/"),
  get("inbox, page 1, of one account", "reader", ofAccount("/inbox/")),
  get("inbox, page 2", "reader", "/inbox/?page=2"),
  get("inbox, page 40", "reader", "/inbox/?page=40"),
  get("inbox, page 40, nothing touched", "newcomer", "/inbox/?page=40"),
  get("inbox, the last page", "reader", lastPage("/inbox/", 1), { grows: DEEP }),
  byCursor("inbox, page 40 by cursor", "reader", "/inbox/", 39),
  byCursor("inbox, page 40 by cursor, nothing touched", "newcomer", "/inbox/", 39),
  get("inbox, unread, ten among all", "reader", "/inbox/?is_read=false"),
  get("inbox, unread, nothing touched", "newcomer", "/inbox/?is_read=false"),
  get("inbox, read, all but ten", "reader", "/inbox/?is_read=true"),
  get("inbox, read, nothing touched", "newcomer", "/inbox/?is_read=true"),
  get("inbox, one folder, all read but ten", "reader", "/inbox/?folder=inbox"),
  get("inbox, one folder, unread, ten among all", "reader", "/inbox/?folder=inbox&is_read=false"),
  get("inbox, starred", "reader", "/inbox/?is_starred=true"),
  get("inbox, archived", "reader", "/inbox/?is_archived=true"),
  get("inbox, a thread of 4", "reader", `/inbox/?thread_id=${filledId("thread", 1, 5)}`),
  get("inbox, 40 companies", "of40", "/inbox/"),
  get("inbox, 40 companies, all read but ten each", "regular", "/inbox/"),
  get("inbox, unread, 40 companies, ten each", "regular", "/inbox/?is_read=false"),
  get("inbox, page 40, 40 companies", "of40", "/inbox/?page=40"),
  get("inbox, 300 companies", "of300", "/inbox/"),
  get("unread counts", "reader", "/inbox/unread-counts", { route: "GET /inbox/unread-counts" }),
  get("unread counts, 40 companies", "regular", "/inbox/unread-counts"),
];

const MESSAGES: Case[] = [
  get("messages, page 1", "newcomer", "/messages/", { route: "GET /messages" }),
  get("messages, page 1 of 100", "newcomer", "/messages/?size=100"),
  get("messages, page 1, of one account", "newcomer", ofAccount("/messages/")),
  get("messages, page 2", "newcomer", "/messages/?page=2"),
  get("messages, page 40", "newcomer", "/messages/?page=40"),
  get("messages, the last page", "newcomer", lastPage("/messages/", 1), { grows: DEEP }),
  byCursor("messages, page 40 by cursor", "newcomer", "/messages/", 39),
  get("messages, one folder", "newcomer", "/messages/?folder=inbox"),
  get("messages, a thread of 4", "newcomer", `/messages/?thread_id=${filledId("thread", 1, 5)}`),
  get("messages, 40 companies", "of40", "/messages/"),
  get("messages, 300 companies", "of300", "/messages/"),
];

const THREADS: Case[] = [
  get("threads, page 1", "newcomer", "/threads/", { route: "GET /threads" }),
  get("threads, page 1, of one account", "newcomer", ofAccount("/threads/")),
  get("threads, page 2", "newcomer", "/threads/?page=2"),
  get("threads, page 10", "newcomer", "/threads/?page=10"),
  get("threads, the last page", "newcomer", lastPage("/threads/", 1 / MESSAGES_PER_THREAD), { grows: DEEP }),
  byCursor("threads, page 10 by cursor", "newcomer", "/threads/", 9),
  get("threads, one folder", "newcomer", "/threads/?folder=inbox"),
  get("threads, 40 companies", "of40", "/threads/"),
  get("threads, 300 companies", "of300", "/threads/"),
];

/** Lists of inbox, messages and threads, at several depths. */
export const LISTS: Case[] = [...INBOX, ...MESSAGES, ...THREADS];
