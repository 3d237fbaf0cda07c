import type { Refusal, RefusalCode } from "./contract.ts";

/** A refusal, to be thrown within the script. Its message is safe to show. */
export class MailError extends Error {
  readonly code: RefusalCode;
  readonly retryAfterSeconds: number | undefined;
  readonly reply: string | undefined;

  /** @param extras.cause for the log only. @param extras.reply the numbers of an SMTP server's refusal */
  constructor(
    code: RefusalCode,
    message: string,
    extras: { cause?: unknown; retryAfterSeconds?: number | undefined; reply?: string } = {},
  ) {
    super(message, { cause: extras.cause });
    this.code = code;
    this.retryAfterSeconds = extras.retryAfterSeconds;
    this.reply = extras.reply;
  }
}

export const notFound = (thing: string): MailError => new MailError("NOT_FOUND", `${thing} not found`);

/** The refusal as it crosses the boundary. */
export const toRefusal = ({ code, message, retryAfterSeconds, reply }: MailError): Refusal => ({
  ok: false,
  code,
  message,
  ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  ...(reply === undefined ? {} : { reply }),
});
