import type { AccountCode, Refusal, SendCode, SignInCode } from "./contract.ts";

type AnyCode = SignInCode | AccountCode | SendCode;

/** A refusal, to be thrown within the script. A method throws only codes of its own in contract.ts. */
export class Refused extends Error {
  readonly code: AnyCode;
  readonly reason: string;
  readonly seconds: number | undefined;

  /** @param reason Telegram's own name of the error in lower case, or what the operator can do. It has no secret */
  constructor(code: AnyCode, reason: string, seconds?: number) {
    super(reason);
    this.code = code;
    this.reason = reason;
    this.seconds = seconds;
  }
}

/** What Telegram answers in place of a result. */
export class TelegramError extends Error {
  /** Such as 420. */
  readonly code: number;
  /** Telegram's name of the error, without its number: `FLOOD_WAIT` for FLOOD_WAIT_30. */
  readonly text: string;
  /** The number in its name: seconds, stars, or a data centre. */
  readonly number: number | undefined;

  constructor(code: number, text: string, number?: number) {
    super(number === undefined ? text : `${text}_${number}`);
    this.code = code;
    this.text = text;
    this.number = number;
  }

  /** As refusals name it. */
  get reason(): string {
    return this.text.toLowerCase();
  }
}

/** A call without an answer. */
export class NoAnswer extends Error {
  /** True if the call may have reached Telegram, false if it surely has not. */
  readonly mayHaveArrived: boolean;

  constructor(mayHaveArrived: boolean, options?: { cause?: unknown }) {
    super(mayHaveArrived ? "Telegram has not answered" : "Telegram cannot be reached", options);
    this.mayHaveArrived = mayHaveArrived;
  }
}

/** The refusal as it crosses the boundary. */
export const toRefusal = ({ code, reason, seconds }: Refused): Refusal<AnyCode> => ({
  ok: false,
  code,
  reason,
  ...(seconds === undefined ? {} : { seconds }),
});
