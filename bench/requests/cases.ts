import { filledId } from "../support/fill.ts";
import { signToken } from "../support/tenant.ts";
import type { Secrets } from "../support/worker.ts";
import type { Lane, Request } from "./load.ts";
import { createNotifications } from "./notifications.ts";
import { type Target, urlOf } from "./target.ts";

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
  /** The companies, each with a filled mailbox. */
  companies: number[];
  /** Messages in each mailbox. */
  messages: number;
  /** Seconds per case, without the second of warm-up. */
  seconds: number;
}

/** A company to make requests for, and the origin that answers for it. */
interface Company extends Setting {
  company: number;
  url: string;
}

/** One kind of request. */
export interface Case {
  name: string;
  /**
   * `read` repeats its requests. `door` sends each request once, while background work runs. `ingest` does the same,
   * but runs until the last message can be read.
   */
  kind: "read" | "door" | "ingest";
  requests(of: Company): Promise<Request[]> | Request[];
  /** The expected number of items, to detect incomplete responses. */
  items?: number;
}

/** Items on a page of the filled mailbox. */
const PAGE = 25;

const get = (userId: number, paths: (of: Company) => string[]): Case["requests"] => {
  return async (of) => {
    const headers = await headersOf(of, userId);
    return paths(of).map((path): Request => ({ method: "GET", path, headers }));
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
    requests: get(READER, ({ company, messages }) =>
      spread(messages).map((n) => `/messages/${filledId("message", company, n)}`),
    ),
  },
  { name: "GET /threads/", kind: "read", requests: get(READER, () => ["/threads/"]), items: PAGE },
  {
    ...{ name: "GET /threads/{id} (4 mails)", kind: "read" },
    requests: get(READER, ({ company, messages }) =>
      spread(Math.floor(messages / 4)).map((n) => `/threads/${filledId("thread", company, n)}`),
    ),
  },
  { name: "PATCH /inbox/{id}/star", kind: "read", requests: stars },
  {
    ...{ name: "POST /webhooks/nylas", kind: "door" },
    requests: (of) => notifications(of, NOTIFICATIONS_A_SECOND),
  },
  {
    ...{ name: "ingest, per message", kind: "ingest" },
    requests: (of) => notifications(of, MAILS_A_SECOND),
  },
];

/** The requests of a case to each origin of a target. Those of its companies alternate. */
export async function lanesOf({ requests }: Case, target: Target, setting: Setting): Promise<Lane[]> {
  const lists = await Promise.all(
    setting.companies.map(async (company) => {
      const url = urlOf(target, company);
      return { url, requests: await requests({ ...setting, company, url }) };
    }),
  );
  return target.urls.map((url) => {
    const own = lists.filter((list) => list.url === url).map((list) => list.requests);
    const longest = Math.max(...own.map(({ length }) => length));
    const turns = Array.from({ length: longest }, (_, nth) => own.flatMap((list) => list[nth] ?? []));
    return { url, requests: turns.flat() };
  });
}

/** Paths to which two targets with the same content must give the same responses. */
export const comparedPaths = (company: number, messages: number): string[] => [
  ...["/inbox/", "/inbox/?is_read=false", "/inbox/?page=3&size=7", "/inbox/unread-counts"],
  ...["/messages/", `/messages/${filledId("message", company, messages - 1)}`],
  ...["/threads/", `/threads/${filledId("thread", company, 0)}`],
];

/** Numbers below `count`, at equal distances. */
function spread(count: number): number[] {
  const length = Math.min(count, DIFFERENT);
  return Array.from({ length }, (_, nth) => Math.floor((nth * count) / length));
}

/** A company's share of the notifications that all companies get. */
const notifications = ({ secrets, company, companies, seconds }: Company, perSecond: number): Request[] =>
  createNotifications(secrets, `grant-of-${company}`, Math.ceil((seconds * perSecond) / companies.length));

async function headersOf(
  { secrets, company }: Pick<Company, "secrets" | "company">,
  userId: number,
): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await signToken(secrets, userId, company)}` };
}

/** Inbox entry ids differ between targets. */
async function stars(of: Company): Promise<Request[]> {
  const headers = await headersOf(of, STARRER);
  const response = await fetch(`${of.url}/inbox/?size=100`, { headers });
  const { items } = (await response.json()) as { items: { id: string }[] };
  return items.map(({ id }) => ({ method: "PATCH", path: `/inbox/${id}/star`, headers }));
}

/** @returns the number of messages of all companies */
export async function countMails(target: Target, { secrets, companies }: Setting): Promise<number> {
  const counts = companies.map(async (company) => {
    const headers = await headersOf({ secrets, company }, READER);
    const response = await fetch(`${urlOf(target, company)}/messages/?size=1`, { headers });
    if (!response.ok) throw new Error(`GET /messages/: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { total: number }).total;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
