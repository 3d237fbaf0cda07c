import { createHash } from "node:crypto";
import { wholeNumber } from "./api.ts";
import { invalidRequest } from "./errors.ts";
import { foldersOf } from "./folders.ts";
import type { Address } from "./mail.ts";
import type { Grant, StoredMessage } from "./store.ts";
import { mailboxOf } from "./store.ts";
import type { World } from "./world.ts";

type Query = Record<string, string>;
type Test = (message: StoredMessage) => boolean;

const NOT_A_FILTER = ["limit", "page_token", "select", "fields"];
const MAX_ADDRESSES = 25;

export interface Page {
  messages: StoredMessage[];
  nextCursor?: string;
}

/** One page of the grant's messages, newest first. Throws a 400 for a filter, limit or cursor that is no good. */
export function findMessages(world: World, grant: Grant, query: Query): Page {
  const limit = wholeNumber(query.limit, { name: "limit", min: 1, max: 200, otherwise: 50 });
  const tests = testsOf(world, grant, query);
  const after = query.page_token === undefined ? undefined : readCursor(query.page_token, query);
  const found = [...mailboxOf(world.store, grant.id).messages.values()]
    .filter((message) => tests.every((test) => test(message)))
    .sort(newestFirst)
    .filter((message) => !after || newestFirst(after, message) < 0);
  const messages = found.slice(0, limit);
  const last = messages.at(-1);
  return { messages, ...(last && found.length > limit && { nextCursor: writeCursor(last, query) }) };
}

type Position = Pick<StoredMessage, "date" | "sequence">;

function newestFirst(a: Position, b: Position): number {
  return b.date - a.date || b.sequence - a.sequence;
}

function writeCursor({ date, sequence }: Position, query: Query): string {
  return Buffer.from(JSON.stringify([date, sequence, filterHash(query)])).toString("base64url");
}

// A cursor is good only with the filters it was made for.
function readCursor(token: string, query: Query): Position {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    throw invalidRequest("invalid page_token");
  }
  const [date, sequence, hash] = Array.isArray(parts) ? parts : [];
  if (typeof date !== "number" || typeof sequence !== "number" || hash !== filterHash(query)) {
    throw invalidRequest("invalid page_token");
  }
  return { date, sequence };
}

function filterHash(query: Query): string {
  const filters = Object.entries(query).filter(([name]) => !NOT_A_FILTER.includes(name));
  return createHash("sha256").update(JSON.stringify(filters.sort())).digest("base64url").slice(0, 12);
}

function testsOf(world: World, grant: Grant, query: Query): Test[] {
  const native = query.search_query_native;
  if (native !== undefined) refuseOtherFilters(grant, query);
  const tests: Record<string, (value: string) => Test> = {
    search_query_native: (value) => (message) =>
      contains(`${message.subject} ${message.body} ${message.from[0]?.email}`, value),
    subject: (value) => (message) => contains(message.subject, value),
    in: (value) => {
      // Nylas: a folder id, and no keyword such as `inbox`.
      if (!foldersOf(world, grant).some((folder) => folder.id === value)) {
        throw invalidRequest(`folder not found: ${value}`);
      }
      return (message) => message.folders.includes(value);
    },
    from: addressTest((message) => message.from),
    to: addressTest((message) => message.to),
    cc: addressTest((message) => message.cc),
    bcc: addressTest((message) => message.bcc),
    any_email: addressTest((message) => [...message.from, ...message.to, ...message.cc, ...message.bcc]),
    unread: (value) => {
      const wanted = flag("unread", value);
      return (message) => message.unread === wanted;
    },
    starred: (value) => {
      const wanted = flag("starred", value);
      return (message) => message.starred === wanted;
    },
    has_attachment: (value) => {
      const wanted = flag("has_attachment", value);
      return (message) => message.attachments.length > 0 === wanted;
    },
    thread_id: (value) => (message) => message.thread_id === value,
    received_after: (value) => {
      const after = unixTime("received_after", value);
      return (message) => message.date > after;
    },
    received_before: (value) => {
      const before = unixTime("received_before", value);
      return (message) => message.date < before;
    },
    metadata_pair: (value) => (message) => {
      const [key = "", ...rest] = value.split(":");
      return message.metadata?.[key] === rest.join(":");
    },
  };
  return Object.entries(query).flatMap(([name, value]) => tests[name]?.(value) ?? []);
}

// Nylas: beside search_query_native, Google and Microsoft take only `in`, `limit` and `page_token`.
function refuseOtherFilters(grant: Grant, query: Query): void {
  const allowed = ["search_query_native", "in", ...NOT_A_FILTER];
  const other = Object.keys(query).find((name) => !allowed.includes(name));
  if (other && grant.provider !== "imap") {
    throw invalidRequest(`search_query_native cannot be combined with ${other}`);
  }
}

function addressTest(addressesOf: (message: StoredMessage) => Address[]): (value: string) => Test {
  return (value) => {
    const wanted = value.split(",").map((email) => email.trim().toLowerCase());
    if (wanted.length > MAX_ADDRESSES) throw invalidRequest(`at most ${MAX_ADDRESSES} addresses`);
    return (message) => addressesOf(message).some(({ email }) => wanted.includes(email.toLowerCase()));
  };
}

function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

function flag(name: string, value: string): boolean {
  if (value !== "true" && value !== "false") throw invalidRequest(`${name} must be true or false`);
  return value === "true";
}

function unixTime(name: string, value: string): number {
  return wholeNumber(value, { name, min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 });
}
