import Nylas, { MessageFields, NylasApiError } from "nylas";
import * as z from "zod";
import type { Config } from "../../env.ts";
import { type MailProvider, type OutgoingMail, ProviderError, type ProviderFault } from "./port.ts";
import { NylasMessage, toProviderMessage } from "./wire.ts";

const READ_TIMEOUT_MS = 20_000;
/** Nylas asks for 150 s: a self-hosted Exchange takes that long to accept a mail. */
const SEND_TIMEOUT_MS = 150_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;

/**
 * Nylas v3 as a mail provider. Small JSON calls go through the SDK. Lists, single messages and downloads are
 * our own fetches: the SDK loops when a page is longer than asked, and waits for ever for a stalled body.
 */
export function nylasProvider({ NYLAS_API_KEY, NYLAS_API_URI }: Config): MailProvider {
  const sdk = new Nylas({ apiKey: NYLAS_API_KEY, apiUri: NYLAS_API_URI });

  const get = (path: string, query: Record<string, string>, timeoutMs: number) =>
    fetch(`${NYLAS_API_URI}${path}?${new URLSearchParams(query)}`, {
      headers: { authorization: `Bearer ${NYLAS_API_KEY}` },
      signal: AbortSignal.timeout(timeoutMs),
    });

  const getJson = async <Schema extends z.ZodType>(
    path: string,
    query: Record<string, string>,
    schema: Schema,
  ) => {
    const response = await get(path, query, READ_TIMEOUT_MS);
    if (!response.ok) throw await errorOf(response);
    return schema.parse(await response.json());
  };

  return {
    findGrant: (grantId) =>
      orNull(async () => {
        const { data } = await withDeadline(READ_TIMEOUT_MS, sdk.grants.find({ grantId }));
        return {
          id: data.id,
          email: data.email ?? "",
          provider: data.provider,
          valid: data.grantStatus !== "invalid",
        };
      }),

    revokeGrant: async (grantId) => {
      await orNull(() => withDeadline(READ_TIMEOUT_MS, sdk.grants.destroy({ grantId })));
    },

    getMessage: (grantId, messageId) =>
      orNull(async () => {
        const query = { fields: "include_basic_headers" };
        const { data } = await getJson(
          messagePath(grantId, messageId),
          query,
          z.object({ data: NylasMessage }),
        );
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
        return { messages: page.data.map(toProviderMessage), cursor: page.next_cursor || null };
      }),

    countMessages: (grantId) =>
      orNull(async () => {
        const { data } = await getJson(foldersPath(grantId), {}, NylasFolders);
        // Gmail's "all mail" holds what its labels, which overlap, hold between them.
        const all = data.find(({ attributes }) => attributes?.includes("\\All"));
        if (all?.total_count != null) return all.total_count;
        const counts = data.flatMap(({ total_count }) => total_count ?? []);
        return counts.length ? counts.reduce((sum, count) => sum + count, 0) : null;
      }),

    send: (grantId, mail, idempotencyKey) =>
      translating(async () => {
        const sending = sdk.messages.send({
          identifier: grantId,
          requestBody: toRequestBody(mail),
          // The answer then carries the Message-ID that the mail went out with.
          queryParams: { fields: MessageFields.INCLUDE_BASIC_HEADERS },
          overrides: { headers: { "Idempotency-Key": idempotencyKey }, timeout: SEND_TIMEOUT_MS },
        });
        const { data } = await withDeadline(SEND_TIMEOUT_MS, sending);
        // The SDK has turned the names into camel case; of those that we read only this one differs.
        return toProviderMessage(
          NylasMessage.parse({ ...data, thread_id: data.threadId, attachments: undefined }),
        );
      }),

    download: (grantId, messageId, attachmentId) =>
      orNull(async () => {
        const path = `/v3/grants/${encodeURIComponent(grantId)}/attachments/${encodeURIComponent(attachmentId)}/download`;
        const response = await get(path, { message_id: messageId }, DOWNLOAD_TIMEOUT_MS);
        if (!response.ok || !response.body) throw await errorOf(response);
        const length = response.headers.get("content-length");
        return { body: response.body, size: length === null ? null : Number(length) };
      }),
  };
}

const NylasPage = z.object({ data: z.array(NylasMessage), next_cursor: z.string().nullish() });

const NylasFolders = z.object({
  data: z.array(z.object({ total_count: z.number().nullish(), attributes: z.array(z.string()).nullish() })),
});

const foldersPath = (grantId: string) => `/v3/grants/${encodeURIComponent(grantId)}/folders`;
const messagesPath = (grantId: string) => `/v3/grants/${encodeURIComponent(grantId)}/messages`;
const messagePath = (grantId: string, messageId: string) =>
  `${messagesPath(grantId)}/${encodeURIComponent(messageId)}`;

function toRequestBody(mail: OutgoingMail) {
  const participants = (list: OutgoingMail["to"]) =>
    list.map(({ name, email }) => (name ? { name, email } : { email }));
  return {
    from: participants([mail.from]),
    to: participants(mail.to),
    ...(mail.cc.length ? { cc: participants(mail.cc) } : {}),
    ...(mail.bcc.length ? { bcc: participants(mail.bcc) } : {}),
    subject: mail.subject,
    body: mail.html,
    ...(mail.reply_to_message_id ? { replyToMessageId: mail.reply_to_message_id } : {}),
    ...(mail.in_reply_to
      ? {
          customHeaders: [
            { name: "In-Reply-To", value: mail.in_reply_to },
            { name: "References", value: mail.in_reply_to },
          ],
        }
      : {}),
  };
}

/** The SDK's own time-out ends with the headers, so a body that stalls would be waited for without end. */
async function withDeadline<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

async function translating<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toProviderError(error);
  }
}

async function orNull<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await translating(call);
  } catch (error) {
    if (error instanceof ProviderError && error.fault === "not_found") return null;
    throw error;
  }
}

async function errorOf(response: Response): Promise<ProviderError> {
  const text = await response.text().catch(() => "");
  return faultOf(response.status, messageIn(text), text.slice(0, 1000), response.headers.get("retry-after"));
}

function messageIn(text: string): string {
  try {
    return String(JSON.parse(text)?.error?.message ?? "");
  } catch {
    return "";
  }
}

function toProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof NylasApiError && error.statusCode) {
    return faultOf(error.statusCode, error.message, error, error.headers?.["retry-after"] ?? null);
  }
  // A lost network, a time-out, or an answer that is not Nylas's (a gateway's HTML page, say).
  return new ProviderError("unknown", "no answer from the mail provider", error);
}

/** Nylas's statuses (its `type` is only a hint, and differs between sources). */
function faultOf(status: number, message: string, cause: unknown, retryAfter: string | null): ProviderError {
  const fault: ProviderFault =
    status === 401
      ? "grant_dead"
      : status === 404
        ? "not_found"
        : status === 429
          ? "rate_limited"
          : status >= 500
            ? "unknown"
            : "refused";
  const seconds = Number(retryAfter);
  return new ProviderError(
    fault,
    safe(message) || `status ${status} from the mail provider`,
    cause,
    seconds > 0 ? Math.ceil(seconds) : null,
  );
}

/** A stranger's text for our users: one line, no markup, short. */
function safe(message: string): string {
  const text = message
    .replace(/<[^>]*>/g, " ")
    .replace(/[\p{C}\s]+/gu, " ")
    .trim();
  return text.slice(0, 200);
}
