import * as z from "zod/mini";
import { cut } from "../../../lib/line.ts";
import { isProviderError, ProviderError, type ProviderFault } from "../port.ts";

/** Runs a call to Nylas. @throws ProviderError, whatever the call throws */
export async function translating<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toProviderError(error);
  }
}

/** What is wrong, by the status of an answer to a call that changes nothing, or that may be made again. */
export async function errorOf(response: Response): Promise<ProviderError> {
  const { logged, message } = await readError(response);
  const retryAfter = response.headers.get("retry-after");
  return providerError(faultOf(response.status), response.status, message, logged, retryAfter);
}

/**
 * What is wrong, by the answer to a send. A 4xx is proof only where Nylas itself speaks; that of a gateway, like
 * all that is not listed here, may stand before a mail that has gone out.
 */
export async function sendErrorOf(response: Response): Promise<ProviderError> {
  const { logged, message, type, isNylas } = await readError(response);
  const retryAfter = response.headers.get("retry-after");
  const fault = sendFaultOf(response.status, isNylas, type, message);
  return providerError(fault, response.status, message, logged, retryAfter);
}

const REFUSALS = [400, 402, 403, 413, 422];

function sendFaultOf(status: number, isNylas: boolean, type: string, message: string): ProviderFault {
  // Both say that nothing was done, whoever says it.
  if (status === 429) return "rate_limited";
  if (status === 413) return "refused";
  if (!isNylas) return "unknown";
  if (status === 401) return "grant_dead";
  if (status === 404) return "not_found";
  if (status === 409 && type === "api.concurrent_idempotent_request") return "in_progress";
  // Nylas on this 402: the mail may have been delivered to some of the recipients.
  if (status === 402 && /at least one recipient/i.test(message)) return "unknown";
  return REFUSALS.includes(status) ? "refused" : "unknown";
}

/** Nylas's statuses (its `type` is only a hint, and differs between sources). */
function faultOf(status: number): ProviderFault {
  if (status === 401) return "grant_dead";
  if (status === 404) return "not_found";
  if (status === 429) return "rate_limited";
  return status >= 400 && status < 500 ? "refused" : "unknown";
}

function toProviderError(error: unknown): ProviderError {
  if (isProviderError(error)) return error;
  // A lost network, a time-out, or an answer that is not Nylas's (a gateway's HTML page, say).
  return new ProviderError("unknown", "no answer from the mail provider", error);
}

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

// Not by `z.catch`: it alone keeps all of zod's helpers in the bundle, 2.3 KB of it gzipped.
const told = z.pipe(
  z.optional(z.unknown()),
  z.transform((value) => (typeof value === "string" ? value : "")),
);
const nothing = z.pipe(
  z.unknown(),
  z.transform(() => undefined),
);

/** Nylas's own errors have an `error`, or at least a `request_id`; gateways answer with HTML or other JSON. */
const NylasErrorBody = z.object({
  request_id: told,
  error: z.optional(z.union([z.object({ type: told, message: told }), nothing])),
});

async function readError(response: Response) {
  const text = await response.text().catch(() => "");
  const { error, request_id } = NylasErrorBody.safeParse(parsed(text)).data ?? {};
  return {
    // For the log, which the rest of an answer has no place in: there may be addresses in it.
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

/** A stranger's text for our users: one line, no markup, short. */
function safe(message: string): string {
  const text = message
    .replace(/<[^<>]*>/g, " ")
    .replace(/[\p{C}\s]+/gu, " ")
    .trim();
  return cut(text, 200);
}
