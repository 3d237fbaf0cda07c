import { wholeNumber } from "./api.ts";
import { invalidRequest } from "./errors.ts";
import { foldersOf } from "./folders.ts";
import type { Address } from "./mail.ts";
import type { Query } from "./paging.ts";
import { NOT_A_FILTER } from "./paging.ts";
import type { Grant, StoredMessage } from "./store.ts";
import type { World } from "./world.ts";

type Test = (message: StoredMessage) => boolean;

const MAX_ADDRESSES = 25;

/** What the filters of a query ask of a message. Throws a 400 for one that is no good. */
export function messageTests(world: World, grant: Grant, query: Query): Test[] {
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
