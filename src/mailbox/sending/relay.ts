import { isAddress } from "../../lib/address.ts";
import { withDeadline } from "../../lib/deadline.ts";
import type { ReadyMail, RelayServer } from "../contract.ts";
import type { MailboxEnv } from "../env.ts";
import { MailError } from "../errors.ts";
import { canonicalHost } from "../net/addresses.ts";
import { checkHost } from "../net/hosts.ts";
import { deliver, isAnswer, type SmtpMail } from "../smtp/dialogue.ts";

/**
 * In milliseconds: until the final dot, and for its answer. The sum is below a minute, after which the caller may try
 * again: otherwise two tries could overlap.
 */
const PATIENCE = { untilDot: 30_000, dot: 20_000 };

/**
 * Sends a mail at once, and keeps nothing.
 * @throws MailError SEND_REFUSED for what the server will never take; SEND_UNKNOWN if the mail may have been sent; INVALID
 * for what is no address; else as `checkHost` and `openSession`: it was not sent
 */
export async function relay(
  env: MailboxEnv,
  { username, password, ...given }: RelayServer,
  mail: ReadyMail,
  patience = PATIENCE,
): Promise<object> {
  const server = { ...given, hostname: canonicalHost(given.hostname) ?? given.hostname };
  const end = Date.now() + patience.untilDot;
  let phase: "before" | "dot" | "accepted" = "before";
  const witness = {
    async beforeDot() {
      // What goes on after the deadline must send nothing: the caller was told so.
      if (Date.now() > end) throw late();
      phase = "dot";
    },
    accepted: () => {
      phase = "accepted";
    },
  };
  try {
    await withDeadline(patience.untilDot + patience.dot, async () => {
      await checkHost(env, server);
      await deliver(server, { username, password }, toSmtpMail(mail), witness, patience.dot);
    });
  } catch (error) {
    failed(phase, error);
  }
  return {};
}

/** @throws MailError unless the mail was sent */
function failed(phase: "before" | "dot" | "accepted", error: unknown): void {
  if (phase === "accepted") return;
  if (phase === "dot" && !isAnswer(error)) {
    throw new MailError("SEND_UNKNOWN", "The SMTP server did not say whether it took the mail", {
      cause: error,
    });
  }
  throw error instanceof DOMException ? late(error) : error;
}

const late = (cause?: unknown): MailError =>
  new MailError("CONNECTION_FAILED", "The SMTP server took too long", { cause });

/** Security: an address goes into a command, so that it must not end there. @throws MailError INVALID */
function toSmtpMail({ from, to, raw }: ReadyMail): SmtpMail {
  if (!isAddress(from) || !isAddress(to)) throw new MailError("INVALID", "An address is not valid");
  const bytes = new TextEncoder().encode(raw);
  return {
    from,
    to: [to],
    size: bytes.length,
    needsUtf8: /[^\x20-\x7e]/.test(`${from}${to}`),
    async *open() {
      yield bytes;
    },
  };
}
