import type { Ctx } from "../context.ts";
import type { Composed } from "./compose.ts";

/** Sends a mail. @throws Error when it was not sent, or perhaps not. Its message names no address */
export type MailPort = (mail: Composed) => Promise<void>;

/** The binding that an operator may add to wrangler.toml: `[[send_email]]` with `name = "EMAIL"`. */
type Bindings = { EMAIL?: SendEmail };

/** In milliseconds. */
const TIMEOUT = 10_000;

/**
 * The way that mail leaves: the binding EMAIL, else HUB_MAIL_URL, which is for development.
 * @returns null if there is none
 */
export function findPort({ env, config }: Ctx): MailPort | null {
  const { EMAIL }: Env & Bindings = env;
  if (EMAIL) return (mail) => sendByBinding(EMAIL, mail);
  const { HUB_MAIL_URL } = config;
  return HUB_MAIL_URL === undefined ? null : (mail) => sendByPost(HUB_MAIL_URL, mail);
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
