import * as z from "zod/mini";
import { withDeadline } from "../../../lib/deadline.ts";
import { lazy } from "../../../lib/lazy.ts";
import type { Config } from "../../config.ts";
import type { Connector } from "../connector.ts";
import {
  type Capabilities,
  isProviderError,
  type MailProvider,
  ProviderError,
  type ProviderFolder,
  type ProviderPage,
} from "../port.ts";
import { errorOf, translating } from "./errors.ts";
import { NylasMessage, toProviderMessage } from "./message.ts";
import { readPush } from "./push.ts";
import { MARKER_HEADER, SEND_SECONDS, sendThroughNylas } from "./send.ts";
import { finishSignIn, startSignIn } from "./sign-in.ts";

/** Nylas remembers a key for an hour. Later the same key would send a second mail. */
const KEY_SECONDS = 55 * 60;
const MAX_MAIL_BYTES = 25 * 1024 * 1024;

const READ_TIMEOUT_MS = 20_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;
/** Pages of the search for a sent mail, and how many of them. */
const SEARCH_PAGE = 100;
const SEARCH_PAGES = 20;
/** Pages of the list of folders, and how many of them. Folders beyond count as ordinary ones. */
const FOLDERS_PAGE = 200;
const FOLDERS_PAGES = 20;

/**
 * Nylas v3 as a mail provider, by plain requests. The SDK loops when a page is longer than asked and waits forever for a
 * stalled body. It cannot stream a file, and loses a gateway's status.
 */
export function nylasProvider(config: Config): MailProvider {
  const { NYLAS_API_KEY, NYLAS_API_URI } = config;

  const call = (method: "GET" | "DELETE", path: string, query: Record<string, string>, signal: AbortSignal) =>
    fetch(`${NYLAS_API_URI}${path}?${new URLSearchParams(query)}`, {
      method,
      headers: { authorization: `Bearer ${NYLAS_API_KEY}` },
      signal,
    });

  const getJson = <Schema extends z.ZodMiniType>(
    path: string,
    query: Record<string, string>,
    schema: () => Schema,
  ) =>
    withDeadline(READ_TIMEOUT_MS, async (signal) => {
      const response = await call("GET", path, query, signal);
      if (!response.ok) throw await errorOf(response);
      return schema().parse(await response.json());
    });

  return {
    capabilities: (kind): Capabilities => ({
      keySeconds: KEY_SECONDS,
      maxMailBytes: MAX_MAIL_BYTES,
      repliesBy: kind === "imap" ? "message_id" : "provider_id",
    }),

    startSignIn: (request) => startSignIn(config, request),

    finishSignIn: (result) => translating(() => finishSignIn(config, result)),

    findGrant: (grantId) =>
      orNull(async () => {
        const { data } = await getJson(grantPath(grantId), {}, NylasGrant);
        const { id, email, provider, grant_status } = data;
        return { id, email: email ?? "", provider, valid: grant_status !== "invalid" };
      }),

    revokeGrant: async (grantId) => {
      const revoke = async (signal: AbortSignal) => {
        const response = await call("DELETE", grantPath(grantId), {}, signal);
        if (!response.ok) throw await errorOf(response);
        await response.body?.cancel();
      };
      await orNull(() => withDeadline(READ_TIMEOUT_MS, revoke));
    },

    getMessage: (grantId, messageId) =>
      orNull(async () => {
        const query = { fields: "include_basic_headers" };
        const { data } = await getJson(messagePath(grantId, messageId), query, NylasAnswer);
        return toProviderMessage(data);
      }),

    listMessages: (grantId, { cursor, limit, received_after, received_before }) =>
      translating(async () => {
        const query = {
          limit: String(limit),
          fields: "include_basic_headers",
          ...(cursor ? { page_token: cursor } : {}),
          ...(received_after ? { received_after: String(received_after) } : {}),
          ...(received_before ? { received_before: String(received_before) } : {}),
        };
        const page = await getJson(messagesPath(grantId), query, NylasPage);
        return { ...readItems(page.data), cursor: page.next_cursor || null };
      }),

    listFolders: async (grantId) => {
      const folders: ProviderFolder[] = [];
      const query: Record<string, string> = { limit: String(FOLDERS_PAGE) };
      for (let read = 0; read < FOLDERS_PAGES; read++) {
        const page = await orNull(() => getJson(foldersPath(grantId), query, NylasFolders));
        for (const { id, name, attributes } of page?.data ?? []) {
          folders.push({ id, name: name ?? "", attributes: attributes ?? [] });
        }
        if (!page?.next_cursor) break;
        query.page_token = page.next_cursor;
      }
      return folders;
    },

    countMessages: (grantId) =>
      orNull(async () => {
        const { data } = await getJson(foldersPath(grantId), {}, NylasFolders);
        // Gmail's labels overlap. Only "all mail" counts each message once.
        const all = data.find(({ attributes }) => attributes?.includes("\\All"));
        if (all?.total_count != null) return all.total_count;
        const counts = data.flatMap(({ total_count }) => total_count ?? []);
        return counts.length ? counts.reduce((sum, count) => sum + count, 0) : null;
      }),

    send: (grantId, mail, idempotencyKey) =>
      translating(() => sendThroughNylas(config, grantId, mail, idempotencyKey)),

    findSent: (grantId, { marker, after, before }) =>
      translating(async () => {
        const query: Record<string, string> = {
          limit: String(SEARCH_PAGE),
          fields: "include_headers",
          // Nylas does not document whether the bounds are included.
          received_after: String(Math.floor(after) - 1),
          received_before: String(Math.ceil(before) + 1),
        };
        for (let read = 0; read < SEARCH_PAGES; read++) {
          const page = await getJson(messagesPath(grantId), query, NylasPage);
          // Pages are newest first. A mail to oneself is there twice; the older one is the sent one.
          const readable = page.data.flatMap((item) => NylasMessage().safeParse(item).data ?? []);
          const found = readable.findLast((message) => bearsMarker(message, marker));
          if (found) return toProviderMessage(found);
          if (!page.next_cursor) return null;
          query.page_token = page.next_cursor;
        }
        throw new ProviderError("unknown", "too many mails to search through", null);
      }),

    download: (grantId, messageId, attachmentId) =>
      orNull(async () => {
        const path = `${grantPath(grantId)}/attachments/${segment(attachmentId)}/download`;
        // The body is read later, so the timer may outlast it.
        const signal = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
        const response = await call("GET", path, { message_id: messageId }, signal);
        if (!response.ok || !response.body) throw await errorOf(response);
        const length = response.headers.get("content-length");
        return { body: response.body, size: length === null ? null : Number(length) };
      }),
  };
}

/** Nylas as a connector: grants without a mark are its own. */
export const nylas: Connector<Config> = { sendSeconds: SEND_SECONDS, connect: nylasProvider, readPush };

/** Items are read one by one, so that an unreadable one does not cost the others. */
const NylasPage = lazy(() => z.object({ data: z.array(z.unknown()), next_cursor: z.nullish(z.string()) }));

function readItems(items: unknown[]): Omit<ProviderPage, "cursor"> {
  const page: Omit<ProviderPage, "cursor"> = { messages: [], unreadable: [] };
  for (const raw of items) {
    try {
      page.messages.push(toProviderMessage(NylasMessage().parse(raw)));
    } catch (error) {
      page.unreadable.push({ id: NylasId().safeParse(raw).data?.id ?? null, raw, error: error as Error });
    }
  }
  return page;
}

const NylasId = lazy(() => z.object({ id: z.string().check(z.minLength(1)) }));

/** A message, as the answer to a request for it or to a send. */
export const NylasAnswer = lazy(() => z.object({ data: NylasMessage() }));

const NylasFolders = lazy(() =>
  z.object({
    data: z.array(
      z.object({
        id: z.string(),
        name: z.nullish(z.string()),
        total_count: z.nullish(z.number()),
        attributes: z.nullish(z.array(z.string())),
      }),
    ),
    next_cursor: z.nullish(z.string()),
  }),
);

const NylasGrant = lazy(() =>
  z.object({
    data: z.object({
      id: z.string(),
      email: z.nullish(z.string()),
      provider: z.string(),
      grant_status: z.nullish(z.string()),
    }),
  }),
);

/** An id as one part of a path. "." and ".." would lead to another path. @throws ProviderError not_found, for those */
function segment(id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new ProviderError("not_found", "there is no such id", null);
  return encodeURIComponent(id);
}

const grantPath = (grantId: string) => `/v3/grants/${segment(grantId)}`;
const foldersPath = (grantId: string) => `${grantPath(grantId)}/folders`;
const messagesPath = (grantId: string) => `${grantPath(grantId)}/messages`;
const messagePath = (grantId: string, messageId: string) => `${messagesPath(grantId)}/${segment(messageId)}`;

const bearsMarker = ({ headers }: NylasMessage, marker: string): boolean =>
  (headers ?? []).some(
    ({ name, value }) => name.toLowerCase() === MARKER_HEADER.toLowerCase() && value.trim() === marker,
  );

async function orNull<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await translating(call);
  } catch (error) {
    if (isProviderError(error, "not_found")) return null;
    throw error;
  }
}
