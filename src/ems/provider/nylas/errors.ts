import * as z from "zod/mini";
import { lazy } from "../../../lib/lazy.ts";
import { cut } from "../../../lib/line.ts";
import { isProviderError, ProviderError, type ProviderFault } from "../port.ts";

/** Runs a call to Nylas. @throws ProviderError for everything that the call throws */
export async function translating<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toProviderError(error);
  }
}

/** The error of a call that changes nothing or can be repeated, by the status of its answer. */
export async function errorOf(response: Response): Promise<ProviderError> {
  const { logged, message } = await readError(response);
  const retryAfter = response.headers.get("retry-after");
  return providerError(faultOf(response.status), response.status, message, logged, retryAfter);
}

/**
 * The error of a send, by its answer. A 4xx proves that nothing was sent only when Nylas itself wrote it. A gateway may
 * answer 4xx, or anything not listed here, although the mail has left.
 */
export async function sendErrorOf(response: Response): Promise<ProviderError> {
  const { logged, message, type, isNylas } = await readError(response);
  const retryAfter = response.headers.get("retry-after");
  const fault = sendFaultOf(response.status, isNylas, type, message);
  return providerError(fault, response.status, message, logged, retryAfter);
}

/**
 * The error of an OAuth request, by its answer (RFC 6749 section 5.2). Security: of any other answer nothing is kept, since
 * it may have tokens.
 */
export async function oauthErrorOf(response: Response): Promise<ProviderError> {
  const text = await response.text().catch(() => "");
  const { error: type, error_description: description } = OAuthErrorBody().safeParse(parsed(text)).data ?? {};
  if (!type) return noAnswer();
  const { status } = response;
  // Wrong credentials are ours, not the caller's.
  const fault = type === "invalid_client" ? "unknown" : faultOf(status);
  return providerError(fault, status, description ?? "", { status, type }, null);
}

const REFUSALS = [400, 402, 403, 413, 422];

function sendFaultOf(status: number, isNylas: boolean, type: string, message: string): ProviderFault {
  // These two mean that nothing was done, also from a gateway.
  if (status === 429) return "rate_limited";
  if (status === 413) return "refused";
  if (!isNylas) return "unknown";
  if (status === 401) return "grant_dead";
  if (status === 404) return "not_found";
  if (status === 409 && type === "api.concurrent_idempotent_request") return "in_progress";
  // Nylas documents for this 402 that some recipients may have got the mail.
  if (status === 402 && /at least one recipient/i.test(message)) return "unknown";
  return REFUSALS.includes(status) ? "refused" : "unknown";
}

/** By status. Nylas's `type` is only a hint: it differs between sources. */
function faultOf(status: number): ProviderFault {
  if (status === 401) return "grant_dead";
  if (status === 404) return "not_found";
  if (status === 429) return "rate_limited";
  return status >= 400 && status < 500 ? "refused" : "unknown";
}

const toProviderError = (error: unknown): ProviderError => (isProviderError(error) ? error : noAnswer(error));

/** The error of a lost connection, a timeout, or an answer that is not Nylas's, such as a gateway's HTML page. */
export const noAnswer = (cause: unknown = null): ProviderError =>
  new ProviderError("unknown", "no answer from the mail provider", cause);

function providerError(
  fault: ProviderFault,
  status: number,
  message: string,
  cause: unknown,
  retryAfter: string | null,
): ProviderError {
  const shown = safe(message) || `status ${status} from the mail provider`;
  const seconds = Number(retryAfter);
  return new ProviderError(fault, shown, cause, seconds > 0 ? Math.ceil(seconds) : null);
}

// `z.catch` would keep all of zod's helpers in the bundle: 2.3 KB gzipped.
const told = lazy(() =>
  z.pipe(
    z.optional(z.unknown()),
    z.transform((value) => (typeof value === "string" ? value : "")),
  ),
);
const nothing = lazy(() =>
  z.pipe(
    z.unknown(),
    z.transform(() => undefined),
  ),
);

/** Errors of Nylas have an `error` or a `request_id`. Gateways answer with HTML or other JSON. */
const NylasErrorBody = lazy(() =>
  z.object({
    request_id: told(),
    error: z.optional(z.union([z.object({ type: told(), message: told() }), nothing()])),
  }),
);

const OAuthErrorBody = lazy(() => z.object({ error: told(), error_description: told() }));

async function readError(response: Response) {
  const text = await response.text().catch(() => "");
  const { error, request_id } = NylasErrorBody().safeParse(parsed(text)).data ?? {};
  return {
    // The log gets no more than this: the rest of an answer may hold addresses.
    logged: { status: response.status, type: error?.type ?? "", request_id: request_id ?? "" },
    message: error?.message ?? "",
    type: error?.type ?? "",
    isNylas: Boolean(error || request_id),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Untrusted text for our users: one short line without markup. */
function safe(message: string): string {
  const text = message
    .replace(/<[^<>]*>/g, " ")
    .replace(/[\p{C}\s]+/gu, " ")
    .trim();
  return cut(text, 200);
}
