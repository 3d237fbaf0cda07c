import type { MailboxApi, RelayServer } from "../../mailbox/contract.ts";
import type { Ctx } from "../context.ts";
import type { Composed } from "./compose.ts";

/**
 * Sends a mail. Its errors name no address.
 * @throws MailFailure for what a later try will not change, or may repeat; another Error to try again later
 */
export type MailPort = (mail: Composed) => Promise<void>;

/** `refused`: the mail will never be taken. `unanswered`: it may have been sent. */
export class MailFailure extends Error {
  readonly kind: "refused" | "unanswered";

  constructor(kind: MailFailure["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The binding that an operator may add to wrangler.toml: `[[send_email]]` with `name = "EMAIL"`. */
type Bindings = { EMAIL?: SendEmail };

/** The mailbox object that sends by SMTP. Those of accounts have ids for names. */
const RELAY = "hub";

/** In milliseconds. */
const TIMEOUT = 10_000;

/**
 * The way that mail leaves: HUB_SMTP_URL, else the binding EMAIL, else HUB_MAIL_URL, which is for development.
 * @returns null if there is none
 */
export function findPort({ env, config }: Ctx): MailPort | null {
  const { EMAIL }: Env & Bindings = env;
  const { HUB_SMTP_URL, HUB_MAIL_URL } = config;
  if (HUB_SMTP_URL) return (mail) => sendBySmtp(env, HUB_SMTP_URL, mail);
  if (EMAIL) return (mail) => sendByBinding(EMAIL, mail);
  return HUB_MAIL_URL === undefined ? null : (mail) => sendByPost(HUB_MAIL_URL, mail);
}

async function sendBySmtp(env: Env, server: RelayServer, { from, to, raw }: Composed): Promise<void> {
  // A deployment without mailboxes has no such binding: see docs/operations.md.
  const mailboxes = (env as Partial<Env>).MAILBOX;
  if (!mailboxes) throw new Error("HUB_SMTP_URL needs the script xabar-mailbox");
  const mailbox = mailboxes.getByName(RELAY) as unknown as Pick<MailboxApi, "relay">;
  const outcome = await mailbox.relay(server, { from, to, raw });
  if (outcome.ok) return;
  const { code, reply = "no reply" } = outcome;
  const message = `The server of HUB_SMTP_URL: ${code}, ${reply}`;
  if (code === "SEND_REFUSED") throw new MailFailure("refused", message);
  if (code === "SEND_UNKNOWN") throw new MailFailure("unanswered", message);
  throw new Error(message);
}

async function sendByBinding(binding: SendEmail, { from, to, raw }: Composed): Promise<void> {
  const { EmailMessage } = await import("cloudflare:email");
  await binding.send(new EmailMessage(from, to, raw)).catch((error: unknown) => {
    // The binding's message may name the address.
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    throw new Error(`The binding EMAIL refused: ${typeof code === "string" ? code : "no code"}`);
  });
}

async function sendByPost(url: string, { raw }: Composed): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "message/rfc822" },
    body: raw,
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`HUB_MAIL_URL answered ${answer.status}`);
}
