import type { MailboxContext } from "../context.ts";
import { notFound } from "../errors.ts";
import { readHeaders } from "../mime/headers.ts";
import { partBytes } from "../mime/message.ts";
import { structureOf } from "../mime/structure.ts";
import { rawOf } from "../pop3/raw.ts";
import { accountOf } from "../store/account.ts";
import { atServer } from "./at-server.ts";
import { fetchSection } from "./section.ts";

/** One message, wherever it is read from. */
export interface Source {
  /**
   * A piece of its header ("HEADER") or of a part, by number; encoded, and empty behind the end.
   * @param range in bytes
   * @returns undefined if the message is gone
   */
  read(section: string, range: { start: number; maxLength: number }): Promise<Uint8Array | undefined>;
  /** True if there is more of the message than can be read. */
  isCut: boolean;
}

/**
 * Works with a message: on an IMAP server, or with what is kept of a POP3 server.
 * @param work gives undefined if the message is not there
 * @throws MailError NOT_FOUND; and as `atServer` and `rawOf` do
 */
export function atSource<T>(
  ctx: MailboxContext,
  messageId: string,
  work: (source: Source) => Promise<T | undefined>,
): Promise<T> {
  if (accountOf(ctx).settings.protocol === "pop3") return inRaw(ctx, messageId, work);
  return atServer(ctx, messageId, (client, uid) =>
    work({ read: (section, range) => fetchSection(client, uid, section, range), isCut: false }),
  );
}

async function inRaw<T>(
  ctx: MailboxContext,
  messageId: string,
  work: (source: Source) => Promise<T | undefined>,
): Promise<T> {
  const { bytes, isCut } = await rawOf(ctx, messageId);
  const root = structureOf(bytes);
  const header = bytes.subarray(0, readHeaders(bytes, 0).body);
  const read: Source["read"] = async (section, { start, maxLength }) => {
    const whole = section === "HEADER" ? header : partBytes(bytes, { part: section }, root);
    return whole.subarray(start, start + maxLength);
  };
  const result = await work({ read, isCut });
  if (result === undefined) throw notFound("Message");
  return result;
}
