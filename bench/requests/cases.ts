import { filledId } from "../support/fill.ts";
import { signToken } from "../support/tenant.ts";
import type { Secrets } from "../support/worker.ts";
import type { Request } from "./load.ts";
import { createNotifications } from "./notifications.ts";
import type { Target } from "./target.ts";

/** The company of the filled mailbox. */
export const COMPANY = 1;
/** Has read all messages except `UNREAD`. */
export const READER = 1;
export const UNREAD = 10;
/** Has touched nothing. */
const NEWCOMER = 2;
/** Only stars messages. */
const STARRER = 3;

/** Number of different rows that single-row requests use. */
const DIFFERENT = 1000;
/** More than targets process on such a machine. A faster target is measured for a shorter time. */
const NOTIFICATIONS_A_SECOND = 2000;
const MAILS_A_SECOND = 200;

/** Inputs for the requests of a case. */
export interface Setting {
  secrets: Secrets;
  /** Messages in the filled mailbox. */
  messages: number;
  /** Seconds per case, without the second of warm-up. */
  seconds: number;
}

/** One kind of request. */
export interface Case {
  name: string;
  /**
   * `read` repeats its requests. `door` sends each request once, while background work runs. `ingest` does the same,
   * but runs until the last message can be read.
   */
  kind: "read" | "door" | "ingest";
  requests(target: Target, setting: Setting): Promise<Request[]> | Request[];
  /** The expected number of items, to detect incomplete responses. */
  items?: number;
}

/** Items on a page of the filled mailbox. */
const PAGE = 25;

const get = (userId: number, paths: (setting: Setting) => string[]): Case["requests"] => {
  return async (_target, setting) => {
    const headers = await headersOf(setting, userId);
    return paths(setting).map((path): Request => ({ method: "GET", path, headers }));
  };
};

function open(path: string): Case["requests"] {
  return () => [{ method: "GET", path, headers: {} }];
}

/** The cost of any request, the main reads, a change, webhooks, and ingest. */
export const CASES: Case[] = [
  { name: "no token, no D1 query", kind: "read", requests: open("/webhooks/nylas?challenge=bench") },
  { name: "GET /inbox/", kind: "read", requests: get(NEWCOMER, () => ["/inbox/"]), items: PAGE },
  {
    ...{ name: `GET /inbox/?is_read=false (${UNREAD} unread)`, kind: "read", items: UNREAD },
    requests: get(READER, () => ["/inbox/?is_read=false"]),
  },
  {
    ...{ name: "GET /inbox/unread-counts", kind: "read" },
    requests: get(READER, () => ["/inbox/unread-counts"]),
  },
  { name: "GET /messages/", kind: "read", requests: get(READER, () => ["/messages/"]), items: PAGE },
  {
    ...{ name: "GET /messages/{id}", kind: "read" },
    requests: get(READER, ({ messages }) => spread(messages).map((n) => `/messages/${idOf("message", n)}`)),
  },
  { name: "GET /threads/", kind: "read", requests: get(READER, () => ["/threads/"]), items: PAGE },
  {
    ...{ name: "GET /threads/{id} (4 mails)", kind: "read" },
    requests: get(READER, ({ messages }) =>
      spread(Math.floor(messages / 4)).map((n) => `/threads/${idOf("thread", n)}`),
    ),
  },
  { name: "PATCH /inbox/{id}/star", kind: "read", requests: stars },
  {
    ...{ name: "POST /webhooks/nylas", kind: "door" },
    requests: (_target, { secrets, seconds }) => notifications(secrets, seconds * NOTIFICATIONS_A_SECOND),
  },
  {
    ...{ name: "ingest, per message", kind: "ingest" },
    requests: (_target, { secrets, seconds }) => notifications(secrets, seconds * MAILS_A_SECOND),
  },
];

/** Paths to which two targets with the same content must give the same responses. */
export const comparedPaths = (messages: number): string[] => [
  ...["/inbox/", "/inbox/?is_read=false", "/inbox/?page=3&size=7", "/inbox/unread-counts"],
  ...["/messages/", `/messages/${idOf("message", messages - 1)}`],
  ...["/threads/", `/threads/${idOf("thread", 0)}`],
];

const idOf = (kind: "message" | "thread", n: number): string => filledId(kind, COMPANY, n);

/** Numbers below `count`, at equal distances. */
function spread(count: number): number[] {
  const length = Math.min(count, DIFFERENT);
  return Array.from({ length }, (_, nth) => Math.floor((nth * count) / length));
}

const notifications = (secrets: Secrets, count: number): Request[] =>
  createNotifications(secrets, `grant-of-${COMPANY}`, Math.ceil(count));

async function headersOf({ secrets }: Setting, userId: number): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await signToken(secrets, userId, COMPANY)}` };
}

/** Inbox entry ids differ between targets. */
async function stars({ url }: Target, setting: Setting): Promise<Request[]> {
  const headers = await headersOf(setting, STARRER);
  const response = await fetch(`${url}/inbox/?size=100`, { headers });
  const { items } = (await response.json()) as { items: { id: string }[] };
  return items.map(({ id }) => ({ method: "PATCH", path: `/inbox/${id}/star`, headers }));
}

/** @returns the number of messages of the company */
export async function countMails({ url }: Target, setting: Setting): Promise<number> {
  const response = await fetch(`${url}/messages/?size=1`, { headers: await headersOf(setting, READER) });
  if (!response.ok) throw new Error(`GET /messages/: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { total: number }).total;
}
