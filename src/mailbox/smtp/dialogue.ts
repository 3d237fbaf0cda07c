import type { Server } from "../contract.ts";
import { MailError } from "../errors.ts";
import { inPieces } from "../net/pieces.ts";
import type { Wire } from "../net/wire.ts";
import type { Credentials } from "../secrets/credentials.ts";
import { leave, openSession, type SmtpSession } from "./login.ts";
import {
  ask,
  isPassing,
  isPositive,
  mismatch,
  numbersOf,
  readReply,
  refusalOf,
  type SmtpReply,
  within,
  wordsOf,
} from "./reply.ts";
import { dotStuffed } from "./stuffing.ts";

/** A mail as it goes on the wire. */
export interface SmtpMail {
  from: string;
  to: string[];
  /** In bytes. */
  size: number;
  /** An address has other letters than ASCII before its @, or an unencoded domain: RFC 6531. */
  needsUtf8: boolean;
  open(): AsyncIterable<Uint8Array>;
}

export interface RefusedRecipient {
  address: string;
  reply: string;
}

/** What a server says that has taken a mail, be it not for all recipients. */
export interface Receipt {
  reply: string;
  refused: RefusedRecipient[];
}

/** Keeps record of a delivery while it goes on. */
export interface Witness {
  /** Ends once it is stored durably that the server may take the mail from now on. If it fails, nothing is sent. */
  beforeDot(): Promise<void>;
  accepted(receipt: Receipt): void;
}

/** How long all may take until the final dot, in milliseconds: an alarm has 15 minutes. */
const UNTIL_DOT_MS = 480_000;
/** RFC 5321 section 4.5.3.2.6 allows a server ten minutes for the final answer; none of today's takes them. */
const DOT_MS = 150_000;
/** How long the network may take to accept a piece of the mail. */
const PIECE_MS = 60_000;

/** Named in an error; there may be hundreds. */
const NAMED = 3;

/**
 * Delivers a mail. The host must have passed `checkHost`. Before `witness.beforeDot` nothing was sent, whatever fails.
 * After it a failure leaves open whether the mail was sent, but for those of `isAnswer`.
 * @param dotMs how long the server may take to say whether it has taken the mail
 * @throws MailError SEND_REFUSED, or THROTTLED to try later: the server's answer. Else as `openSession`
 */
export async function deliver(
  server: Server,
  credentials: Credentials,
  mail: SmtpMail,
  witness: Witness,
  dotMs = DOT_MS,
): Promise<void> {
  const session = await openSession(server, credentials);
  const { wire } = session;
  try {
    const refused = await within(UNTIL_DOT_MS, () => untilDot(session, mail));
    await witness.beforeDot();
    wire.timeout = dotMs;
    await wire.write(".\r\n");
    const reply = await within(dotMs, () => readReply(wire));
    if (reply.code >= 400) throw refusalOf(reply, "SEND_REFUSED");
    if (!isPositive(reply)) throw mismatch("The SMTP server did not say whether it took the mail");
    witness.accepted({ reply: wordsOf(reply), refused });
    await leave(wire);
  } finally {
    await wire.close();
  }
}

/** Whether the error is the server's answer that it does not take the mail, so that nothing was sent. */
export const isAnswer = (error: unknown): boolean =>
  error instanceof MailError && (error.code === "SEND_REFUSED" || error.code === "THROTTLED");

/** @returns the recipients that were refused */
async function untilDot({ wire, offers }: SmtpSession, mail: SmtpMail): Promise<RefusedRecipient[]> {
  const sent = await ask(wire, `MAIL FROM:<${mail.from}>${parametersOf(mail, offers)}`);
  if (!isPositive(sent)) throw refusalOf(sent, "SEND_REFUSED");
  const refused = await nameRecipients(wire, mail.to);
  const ready = await ask(wire, "DATA");
  if (ready.code !== 354) throw refusalOf(ready, "SEND_REFUSED");
  wire.timeout = PIECE_MS;
  for await (const chunk of inPieces(dotStuffed(mail.open()))) {
    await wire.write(chunk).catch(async (error) => {
      throw (await lastWord(wire)) ?? error;
    });
  }
  return refused;
}

/** @throws MailError SEND_REFUSED for what the server cannot take */
function parametersOf({ size, needsUtf8 }: SmtpMail, offers: Map<string, string[]>): string {
  const most = Number(offers.get("SIZE")?.[0] ?? 0);
  if (most > 0 && size > most) {
    throw new MailError("SEND_REFUSED", `The mail has ${size} bytes; the SMTP server takes up to ${most}`);
  }
  if (needsUtf8 && !(offers.has("SMTPUTF8") && offers.has("8BITMIME"))) {
    throw new MailError("SEND_REFUSED", "The SMTP server takes only addresses of ASCII letters");
  }
  return `${offers.has("SIZE") ? ` SIZE=${size}` : ""}${needsUtf8 ? " BODY=8BITMIME SMTPUTF8" : ""}`;
}

async function nameRecipients(wire: Wire, addresses: string[]): Promise<RefusedRecipient[]> {
  const refused: { address: string; reply: SmtpReply }[] = [];
  for (const address of addresses) {
    const reply = await ask(wire, `RCPT TO:<${address}>`);
    // With 421 the server closes the connection, whatever the command.
    if (reply.code === 421) throw refusalOf(reply, "SEND_REFUSED");
    if (!isPositive(reply)) refused.push({ address, reply });
  }
  const named = refused.map(({ address, reply }) => ({ address, reply: wordsOf(reply) }));
  const [first] = refused;
  if (!first || refused.length < addresses.length) return named;
  const list = named.slice(0, NAMED).map(({ address, reply }) => `${address} (${reply})`);
  throw new MailError(
    refused.some(({ reply }) => isPassing(reply)) ? "THROTTLED" : "SEND_REFUSED",
    `The SMTP server refused all recipients: ${list.join(", ")}`,
    { reply: numbersOf(first.reply) },
  );
}

/** What the server said before it closed the connection in the middle of a mail, if it did. */
async function lastWord(wire: Wire): Promise<MailError | undefined> {
  wire.timeout = 1000;
  const reply = await readReply(wire).catch(() => undefined);
  return reply && reply.code >= 400 ? refusalOf(reply, "SEND_REFUSED") : undefined;
}
