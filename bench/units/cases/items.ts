import { filledId } from "../../support/fill.ts";
import { call, runCron, type Stage } from "../stage.ts";
import { byCursor, type Case, get, having, plain } from "./case.ts";

const LEDGERS = "a run looks at the oldest 1,000 of each ledger, and the smallest fill has fewer";

const messageId = (n: number) => filledId("message", 1, n);
const ofAccount = (rest: string) => (stage: Stage) => `/accounts/${stage.mailbox.accountId}${rest}`;
const threadId = (n: number) => filledId("thread", 1, n);

/** Reads of single objects and short lists, and cron. */
export const ITEMS: Case[] = [
  get("a message", "newcomer", `/messages/${messageId(10)}`, { route: "GET /messages/:message_id" }),
  get("a message's HTML", "newcomer", `/messages/${messageId(10)}/html`, {
    route: "GET /messages/:message_id/html",
  }),
  get("what an answer begins with", "newcomer", `/messages/${messageId(10)}/compose?as=reply-all`, {
    route: "GET /messages/:message_id/compose",
  }),
  having(
    "an inbox entry",
    { route: "GET /inbox/:inbox_id" },
    (stage) => call(stage, "newcomer", "GET", "/inbox/"),
    (stage, { items }) => call(stage, "newcomer", "GET", `/inbox/${items[0].id}`),
  ),
  get("a message's attachments", "newcomer", `/attachments/message/${messageId(10)}`, {
    route: "GET /attachments/message/:message_id",
  }),
  get("a thread of 4", "newcomer", `/threads/${threadId(5)}`, { route: "GET /threads/:thread_id" }),
  get("a thread of 100", "talkative", `/threads/${filledId("thread", 300)}`),
  get("accounts", "newcomer", "/accounts/", { route: "GET /accounts" }),
  get("accounts, 40 companies", "of40", "/accounts/"),
  get("an account", "newcomer", ofAccount(""), { route: "GET /accounts/:account_id" }),
  get("an account's sync", "newcomer", ofAccount("/sync"), { route: "GET /accounts/:account_id/sync" }),
  get("me, the first time of a day", "newcomer", "/me", { route: "GET /me" }),
  get("me", "newcomer", "/me"),
  get("me, 300 companies, the first time of a day", "of300", "/me"),
  get("me, 300 companies", "of300", "/me"),
  get("contacts, one letter", "newcomer", "/contacts?q=c", { route: "GET /contacts" }),
  get("contacts, one letter, 20 of them", "newcomer", "/contacts?q=c&size=20"),
  get(
    "contacts, one letter, of one account",
    "newcomer",
    (stage) => `/contacts?q=c&account_id=${stage.mailbox.accountId}`,
  ),
  get("contacts, the sender of nearly all mails", "newcomer", "/contacts?q=customer"),
  get("contacts, 40 companies", "of40", "/contacts?q=c"),
  get("contacts, 300 companies", "of300", "/contacts?q=c"),
  get("users, page 1", "newcomer", "/users/", { route: "GET /users" }),
  byCursor("users, page 2 by cursor", "newcomer", "/users/"),
  get("users, 300 companies", "of300", "/users/"),
  get("companies", "newcomer", "/companies/", { route: "GET /companies" }),
  get("outbox, page 1", "newcomer", "/outbox/", { route: "GET /outbox" }),
  having(
    "an outbox entry",
    { route: "GET /outbox/:outbox_id" },
    (stage) => call(stage, "newcomer", "GET", "/outbox/"),
    (stage, { items }) => call(stage, "newcomer", "GET", `/outbox/${items[0].id}`),
  ),
  get("drafts, page 1", "newcomer", "/drafts/", { route: "GET /drafts" }),
  get("drafts, page 3", "newcomer", "/drafts/?page=3"),
  byCursor("drafts, page 3 by cursor", "newcomer", "/drafts/", 2),
  having(
    "a draft",
    { route: "GET /drafts/:draft_id" },
    (stage) => call(stage, "newcomer", "GET", "/drafts/"),
    (stage, { items }) => call(stage, "newcomer", "GET", `/drafts/${items[0].id}`),
  ),
  get("webhook ledger, page 1", "newcomer", "/webhooks/deliveries/", { route: "GET /webhooks/deliveries" }),
  get("events, where to begin", "newcomer", "/events", { route: "GET /events" }),
  having(
    "events, nothing new",
    {},
    (stage) => call(stage, "newcomer", "GET", "/events"),
    (stage, { position }) => call(stage, "newcomer", "GET", `/events?since=${position}`),
  ),
  plain("health", { route: "GET /health" }, (stage) => call(stage, null, "GET", "/health")),
  plain("metrics", { route: "GET /metrics" }, (stage) =>
    call(stage, null, "GET", "/metrics", undefined, {
      authorization: `Bearer ${stage.secrets.METRICS_TOKEN}`,
    }),
  ),
  plain("webhook challenge", { route: "GET /webhooks/nylas" }, (stage) =>
    call(stage, null, "GET", "/webhooks/nylas?challenge=abc"),
  ),
  plain("cron, one run, nothing due", { grows: LEDGERS }, runCron),
];
