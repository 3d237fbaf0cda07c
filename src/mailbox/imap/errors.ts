import { MailError } from "../errors.ts";

/** What the library's errors have. */
interface ImapError extends Error {
  code?: string;
  authenticationFailed?: boolean;
  serverResponseCode?: string;
  responseStatus?: string;
  responseText?: string;
  response?: unknown;
  tlsFailed?: boolean;
  throttleReset?: number;
}

/** What is known of the connection on which it happened. */
interface Circumstances {
  byeReason: string | undefined;
  /** Whether the connection can still be used. */
  isOpen: boolean;
  throttledMs: number | undefined;
}

/** Response codes of RFC 5530 section 3 for what may pass. */
const PASSING = new Set(["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"]);

/** Words with which servers refuse a login or a command for now. */
const BUSY =
  /too many|simultaneous|maximum number of|throttl|rate limit|temporar|try again|not available|unavailable|backoff|overloaded|lock(ed)? by another/i;

/** The library's codes for what no IMAP server would send. */
const NO_IMAP =
  /^(ParserError|GREETING_TIMEOUT|InvalidResponse|UnexpectedTag|MissingTag|MAX_IMAP_NESTING_REACHED|\w+TooLarge|TooMany(Tokens|Responses))/;

/**
 * What an error means. Security: the server's own words are never passed on, they may quote what was sent to it.
 * @throws the error itself if it is not of the library
 */
export function toMailError(error: unknown, { byeReason, isOpen, throttledMs }: Circumstances): MailError {
  if (error instanceof MailError) return error;
  if (!(error instanceof Error)) throw error;
  const found = error as ImapError;
  const refuse = (code: MailError["code"], message: string, retryAfterSeconds?: number) =>
    new MailError(code, message, { cause: shown(found), retryAfterSeconds });
  const text = [found.responseText, found.response, byeReason, found.message]
    .filter((each) => typeof each === "string")
    .join(" ");
  const waitMs = found.throttleReset ?? throttledMs ?? backoffIn(text);
  if (waitMs !== undefined) return refuse("THROTTLED", BUSY_MESSAGE, Math.ceil(waitMs / 1000));
  const isRefused = found.authenticationFailed || found.responseStatus !== undefined;
  if ((isRefused || byeReason) && (PASSING.has(found.serverResponseCode ?? "") || BUSY.test(text)))
    return refuse("THROTTLED", BUSY_MESSAGE);
  if (/authenticated but not connected/i.test(text))
    return refuse(
      "CONNECTION_FAILED",
      "The mail server does not open the mailbox, though the login is right",
    );
  if (found.authenticationFailed) return refuse("AUTHENTICATION_FAILED", loginMessage(text));
  if (/STARTTLS is not possible|does not support STARTTLS/.test(found.message))
    return refuse("PROTOCOL_MISMATCH", "The mail server does not offer STARTTLS");
  if (found.code === "STARTTLS_INJECTION")
    return refuse("PROTOCOL_MISMATCH", "The mail server sent data after it agreed to STARTTLS");
  if (found.tlsFailed || found.code === "UPGRADE_TIMEOUT")
    return refuse(
      "TLS_UNTRUSTED",
      "The certificate of the mail server is not trusted, or is for another name",
    );
  if (NO_IMAP.test(found.code ?? ""))
    return refuse("PROTOCOL_MISMATCH", "The server does not answer as an IMAP server");
  if (found.responseStatus !== undefined)
    return refuse("CONNECTION_FAILED", "The mail server did not carry out a command");
  if (found.code !== undefined && LOST.has(found.code))
    return refuse("CONNECTION_FAILED", "The connection to the mail server was lost");
  if (isOpen) throw error;
  return refuse("CONNECTION_FAILED", "The mail server cannot be reached");
}

const BUSY_MESSAGE = "The mail server is busy, and asks to try again later";

const LOST = new Set(["NoConnection", "EConnectionClosed", "StateLogout", "ETIMEOUT", "NoMailboxSelected"]);

/** Microsoft says it in milliseconds. */
function backoffIn(text: string): number | undefined {
  const found = /Backoff Time[:=\s]+(\d{1,9})/i.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

function loginMessage(text: string): string {
  if (/app(lication)?[- ]?(specific)?[- ]?password/i.test(text))
    return "The mail server wants an app password, which is made in the settings of the mail provider";
  if (/IMAP.{0,40}(disabled|not enabled|turned off)/i.test(text))
    return "IMAP is turned off in the settings of the mail provider";
  if (/No matching authentication method|Login is disabled/.test(text))
    return "The mail server does not take this kind of login";
  return "The mail server refused the login";
}

/** For the log: what the library calls it, without the server's words. */
const shown = ({ code, serverResponseCode, responseStatus, message }: ImapError): Error =>
  new Error(`${code ?? responseStatus ?? "error"}: ${serverResponseCode ?? (responseStatus ? "" : message)}`);
