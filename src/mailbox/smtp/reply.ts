import { withDeadline } from "../../lib/deadline.ts";
import { oneLine } from "../../lib/line.ts";
import { MailError } from "../errors.ts";
import type { Wire } from "../net/wire.ts";

/** RFC 5321 section 4.2.1. */
export interface SmtpReply {
  code: number;
  /** Without the codes. A character for each byte. */
  lines: string[];
}

/** The longest replies are those to EHLO, of some twenty lines. */
const MAX_LINES = 100;
const MAX_LENGTH = 65_536;

/**
 * Reads a whole reply.
 * @throws MailError PROTOCOL_MISMATCH for what is no reply, or has no end; CONNECTION_FAILED
 */
export async function readReply(wire: Wire): Promise<SmtpReply> {
  const lines: string[] = [];
  let length = 0;
  for (;;) {
    const line = await wire.line();
    const [, code, mark, text = ""] = /^([2-5]\d\d)(?:([ -])(.*))?$/.exec(line) ?? [];
    if (code === undefined) throw mismatch("The server does not speak SMTP");
    lines.push(text);
    length += line.length;
    if (mark !== "-") return { code: Number(code), lines };
    if (lines.length === MAX_LINES || length > MAX_LENGTH) throw mismatch("An SMTP reply has no end");
  }
}

/** Sends a command, and reads the reply. @param command without its end of line */
export async function ask(wire: Wire, command: string): Promise<SmtpReply> {
  await wire.write(`${command}\r\n`);
  return readReply(wire);
}

export const isPositive = ({ code }: SmtpReply): boolean => code >= 200 && code < 300;

/** The same mail may be taken later: RFC 5321 section 4.2.1. */
export const isPassing = ({ code }: SmtpReply): boolean => code >= 400 && code < 500;

/** The text of a reply; RFC 6531 allows UTF-8. @param separator of its lines */
export function textOf({ lines }: SmtpReply, separator: string): string {
  const bytes = Uint8Array.from(lines.join(separator), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

/** The reply as one short line, safe to show and to store. */
export const wordsOf = (reply: SmtpReply): string => oneLine(`${reply.code} ${textOf(reply, " ")}`, 300);

/** The code, and RFC 3463's where there is one. Unlike the words, they name nobody. */
export function numbersOf(reply: SmtpReply): string {
  const [status = ""] = /^[245]\.\d{1,3}\.\d{1,3}\b/.exec(textOf(reply, " ")) ?? [];
  return `${reply.code} ${status}`.trim();
}

/** What a refusing reply means: THROTTLED to try again later, else `code`. Never before a valid greeting. */
export const refusalOf = (
  reply: SmtpReply,
  code: "SEND_REFUSED" | "PROTOCOL_MISMATCH" | "AUTHENTICATION_FAILED",
): MailError =>
  new MailError(isPassing(reply) ? "THROTTLED" : code, `The SMTP server answered: ${wordsOf(reply)}`, {
    reply: numbersOf(reply),
  });

export const mismatch = (message: string): MailError => new MailError("PROTOCOL_MISMATCH", message);

/**
 * Limits a part of a dialogue to some milliseconds. Each wait has a limit of its own, but a server could send a byte now and
 * then for days. The caller closes the wire.
 * @throws MailError CONNECTION_FAILED when they are over
 */
export async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline(ms, work);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw new MailError("CONNECTION_FAILED", "The SMTP server took too long", { cause: error });
  }
}
