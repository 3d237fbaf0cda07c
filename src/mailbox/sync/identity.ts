import { sha256Hex } from "../../lib/hmac.ts";
import { oneLine } from "../../lib/line.ts";

/** What tells a message apart from all others. */
export interface Identity {
  /** The server's own: EMAILID (RFC 8474 section 5.1) or Gmail's X-GM-MSGID. */
  emailId?: string | undefined;
  /** Without angle brackets; empty for none. */
  internetMessageId: string;
  /** The Date header as it is written; empty for none. */
  date: string;
  /** The sender's address. */
  from: string;
  /** In bytes. */
  size: number;
}

/**
 * The key of a message, whatever folder it is in. The size counts only for mails without a Message-ID, since servers add
 * lines to the copies that they deliver.
 */
export async function keyOf({ emailId, internetMessageId, date, from, size }: Identity): Promise<string> {
  if (emailId) return `id:${emailId}`;
  const time = Date.parse(date);
  const written = Number.isNaN(time) ? oneLine(date, 200) : String(time);
  const rest = internetMessageId === "" ? String(size) : "";
  const facts = JSON.stringify([internetMessageId, written, from.toLowerCase(), rest]);
  return sha256Hex(facts);
}
