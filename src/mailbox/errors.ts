import type { Refusal, RefusalCode } from "./contract.ts";

/** A refusal, to be thrown within the script. Its message is safe to show. */
export class MailError extends Error {
  readonly code: RefusalCode;
  readonly retryAfterSeconds: number | undefined;

  /** @param extras.cause for the log only */
  constructor(
    code: RefusalCode,
    message: string,
    extras: { cause?: unknown; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message, { cause: extras.cause });
    this.code = code;
    this.retryAfterSeconds = extras.retryAfterSeconds;
  }
}

export const notFound = (thing: string): MailError => new MailError("NOT_FOUND", `${thing} not found`);

/** The refusal as it crosses the boundary. */
export const toRefusal = ({ code, message, retryAfterSeconds }: MailError): Refusal => ({
  ok: false,
  code,
  message,
  ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
});
