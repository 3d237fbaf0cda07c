import { MailError } from "../errors.ts";
import type { Wire } from "../net/wire.ts";

/** The first line of a response (RFC 1939 section 3). */
export interface PopReply {
  isOk: boolean;
  /** A challenge of AUTH (RFC 5034): the server waits for more. */
  isChallenge: boolean;
  /** A character for each byte. Security: it is for decisions, and is never shown: it may quote what was sent. */
  text: string;
}

/** @throws MailError PROTOCOL_MISMATCH for what is no reply; CONNECTION_FAILED */
export async function readReply(wire: Wire): Promise<PopReply> {
  const line = await wire.line();
  const [, status, text = ""] = /^(\+OK|-ERR|\+)(?: (.*)|)$/i.exec(line.trimEnd()) ?? [];
  if (status === undefined) throw mismatch("The server does not answer as a POP3 server");
  return { isOk: status.toUpperCase() === "+OK", isChallenge: status === "+", text };
}

/** Sends a command, and reads the first line of the response. @param command without its end of line */
export async function ask(wire: Wire, command: string): Promise<PopReply> {
  await wire.write(`${command}\r\n`);
  return readReply(wire);
}

/** Words of servers that know no response codes. */
const BUSY =
  /lock|in use|busy|another (session|connection|pop)|too many|too frequent|temporar|try (again|later)|unavailable|wait \d/i;

/** How long to wait after a refusal for now, in seconds. */
const RETRY_AFTER: Record<string, number> = { "LOGIN-DELAY": 300, "SYS/TEMP": 60 };

/**
 * What a refusing reply means: THROTTLED for what may pass (RFC 2449 section 8.1, RFC 3206), else `code`.
 * @param message to show in the latter case
 */
export function refusalOf(
  { text }: PopReply,
  code: "PROTOCOL_MISMATCH" | "AUTHENTICATION_FAILED",
  message: string,
): MailError {
  const responseCode = /^\[([A-Z/-]{1,30})\]/i.exec(text)?.[1]?.toUpperCase();
  if (responseCode === IN_USE)
    return new MailError("THROTTLED", BUSY_MESSAGE, { retryAfterSeconds: 60, cause: IN_USE });
  const retryAfterSeconds = responseCode && RETRY_AFTER[responseCode];
  if (retryAfterSeconds) return new MailError("THROTTLED", BUSY_MESSAGE, { retryAfterSeconds });
  if (responseCode !== "AUTH" && BUSY.test(text)) return new MailError("THROTTLED", BUSY_MESSAGE);
  if (responseCode === "SYS/PERM") {
    return new MailError("CONNECTION_FAILED", "The mail server does not open the mailbox");
  }
  return new MailError(code, message);
}

const BUSY_MESSAGE = "The mailbox is locked or the mail server is busy: it is tried again later";

const IN_USE = "IN-USE";

/** True if the login was right, but another session has the mailbox open (RFC 2449 section 8.1.2). The lock ends when it leaves. */
export const isInUse = (error: unknown): boolean => error instanceof MailError && error.cause === IN_USE;

export const mismatch = (message: string): MailError => new MailError("PROTOCOL_MISMATCH", message);
