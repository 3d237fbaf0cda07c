import { withDeadline } from "../../lib/deadline.ts";
import { readCapped } from "../../lib/read-capped.ts";
import { log } from "../../platform/log.ts";
import { MailError } from "../errors.ts";

/** What a provider gave. */
export interface Grant {
  accessToken: string;
  /** In milliseconds since the epoch. */
  expiresAt: number;
  /** Absent where the old one stays. */
  refreshToken: string | undefined;
  idToken: string | undefined;
}

/** In milliseconds. */
const PATIENCE = 15_000;

/** In bytes. Microsoft's tokens have up to some thousand. */
const MAX_ANSWER = 131_072;

/** For a provider that does not say: RFC 6749 section 5.1 only recommends to. In seconds. */
const DEFAULT_LIFETIME = 3600;

/**
 * Asks a token endpoint.
 * @throws MailError AUTHENTICATION_FAILED when the consent is gone: it was taken back, or has expired (RFC 6749 section
 * 5.2), and no other try repairs that. Else OAUTH_FAILED, THROTTLED or CONNECTION_FAILED
 */
export async function askForTokens(endpoint: URL, form: Record<string, string>): Promise<Grant> {
  const { status, retryAfter, answer } = await ask(endpoint, form);
  if (status === 200 && typeof answer.access_token === "string") {
    const seconds = Number(answer.expires_in);
    return {
      accessToken: answer.access_token,
      expiresAt: Date.now() + (seconds > 0 ? seconds : DEFAULT_LIFETIME) * 1000,
      refreshToken: textOf(answer.refresh_token),
      idToken: textOf(answer.id_token),
    };
  }
  // Security: only the code, which is of a known list. The description may have an address.
  const error = /^[a-z_]{1,40}$/.exec(String(answer.error))?.[0];
  log("warn", "mailbox.token_refused", { status, error });
  if (status === 429 || status >= 500) {
    const extras = { retryAfterSeconds: retryAfter };
    throw new MailError(status === 429 ? "THROTTLED" : "CONNECTION_FAILED", BUSY, extras);
  }
  if (error === "invalid_grant" || error === "interaction_required") {
    throw new MailError("AUTHENTICATION_FAILED", "The OAuth provider no longer lets us in: sign in again");
  }
  throw new MailError("OAUTH_FAILED", `The OAuth provider refused${error ? `: ${error}` : ""}`);
}

const BUSY = "The OAuth provider has no answer";

async function ask(endpoint: URL, form: Record<string, string>) {
  try {
    return await withDeadline(PATIENCE, async (signal) => {
      const body = new URLSearchParams(form);
      const found = await fetch(endpoint, { method: "POST", body, signal, redirect: "manual" });
      const text = new TextDecoder().decode(await readCapped(found.body, MAX_ANSWER));
      const retryAfter = Number(found.headers.get("retry-after")) || undefined;
      return { status: found.status, retryAfter, answer: parse(text) };
    });
  } catch (cause) {
    throw new MailError("CONNECTION_FAILED", BUSY, { cause });
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
