import { isAddress } from "../../lib/address.ts";
import { cuid } from "../../lib/cuid.ts";
import { messageIdsIn } from "../../lib/message-ids.ts";
import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { OutgoingMail } from "../contract.ts";
import { MailError } from "../errors.ts";
import type { Address } from "../mime/parts.ts";
import { accountOf } from "../store/account.ts";

/** A mail with all that its bytes depend on, so that they can be made again. */
export interface Letter extends OutgoingMail {
  /** In the header X-Xabar-Id, for servers that give a mail another Message-ID. */
  id: string;
  /** Without angle brackets, as those below. */
  internetMessageId: string;
  from: Address;
  /** In milliseconds since the epoch, of a whole second: as a header has it. */
  date: number;
  inReplyTo: string | null;
  references: string[];
}

/** Of all files together, in bytes; encoded they are a third longer. Many servers take no more. */
export const MAX_FILES_BYTES = 25 << 20;

/** Of a letter as JSON, in characters of UTF-8: a row has at most 2 MB. */
const MAX_TEXT_BYTES = 1_500_000;

/** RFC 5322 section 2.1.1 limits a line to 998 characters. Real Message-IDs have up to some 200. */
const MAX_ID = 250;

/** A long conversation is cut in the middle: its beginning tells what it is, its end what is replied to. */
const MAX_REFERENCES = 20;

/**
 * Makes a letter of a mail: as of now, from the account's address, and as a reply to the whole conversation.
 * @throws MailError INVALID, TOO_LARGE
 */
export function letterOf(ctx: MailboxContext, mail: OutgoingMail): Letter {
  checkAddresses(mail);
  if (mail.files.reduce((sum, { size }) => sum + size, 0) > MAX_FILES_BYTES)
    throw new MailError("TOO_LARGE", "The files of a mail may have up to 25 MB");
  const { emailAddress, accountName } = accountOf(ctx).settings;
  const id = cuid();
  const letter: Letter = {
    ...mail,
    id,
    internetMessageId: `${id}@${domainOf(emailAddress)}`,
    from: { name: accountName, address: emailAddress },
    date: Math.floor(Date.now() / 1000) * 1000,
    ...repliesTo(ctx, mail.inReplyTo),
  };
  if (new TextEncoder().encode(JSON.stringify(letter)).length > MAX_TEXT_BYTES)
    throw new MailError("TOO_LARGE", "The text of a mail may have up to 1 MB");
  return letter;
}

/** Security: what is no address could end a command of SMTP, or a header. */
function checkAddresses({ to, cc, bcc, replyTo }: OutgoingMail): void {
  for (const address of [...to, ...cc, ...bcc, ...(replyTo === null ? [] : [replyTo])]) {
    if (!isAddress(address) || /[<>]/.test(address)) throw new MailError("INVALID", "Not an address");
  }
}

/** Where the account's Message-IDs are unique. */
function domainOf(address: string): string {
  const domain = address.slice(address.lastIndexOf("@") + 1);
  return URL.parse(`http://${domain}/`)?.hostname || "xabar.invalid";
}

/** @throws MailError INVALID for the id of no message */
function repliesTo(ctx: MailboxContext, inReplyTo: string | null): Pick<Letter, "inReplyTo" | "references"> {
  if (inReplyTo === null) return { inReplyTo: null, references: [] };
  const isOurs = !inReplyTo.includes("<");
  const given = isOurs ? "" : (messageIdsIn(inReplyTo)[0]?.id.slice(1, -1) ?? "");
  const row = rowOf<{ internet_message_id: string; refs: string }>(
    ctx,
    `SELECT internet_message_id, refs FROM messages
     WHERE ${isOurs ? "id = ?" : "internet_message_id = ? LIMIT 1"}`,
    isOurs ? inReplyTo : given,
  );
  if (isOurs ? !row : given === "") throw new MailError("INVALID", "inReplyTo names no message");
  const id = row?.internet_message_id || given;
  const known = [...new Set([...(row?.refs.split(" ") ?? []), id])].filter(isPlainId);
  const references =
    known.length > MAX_REFERENCES ? [...known.slice(0, 1), ...known.slice(1 - MAX_REFERENCES)] : known;
  return { inReplyTo: isPlainId(id) ? id : null, references };
}

/** Security: whether a Message-ID, which a stranger wrote, may stand in a header as it is. */
const isPlainId = (id: string): boolean => id.length <= MAX_ID && /^[\x21-\x3b\x3d\x3f-\x7e]+$/.test(id);
