import { z } from "zod";

/** What a mailbox's server does wrong, once or several times. */
export const faultSchema = z.strictObject({
  protocol: z.enum(["imap", "pop3", "smtp"]),
  /**
   * When: CONNECT; LOGIN, in whatever way; the name of a command, such as UID FETCH or RCPT. In SMTP a dot is the end
   * of a mail.
   */
  on: z.string(),
  /** How often it passes before that. */
  skip: z.int().default(0),
  /** 0 for always. */
  times: z.int().default(1),
  delayMs: z.int().default(0),
  /** Lines that are sent before the command is done, as they are. */
  before: z.array(z.string()).default([]),
  /** Sent in place of the answer, for IMAP behind the tag. The command is not done. Empty: nothing is sent. */
  answer: z.string().optional(),
  /** The command is done, but its answer is lost. */
  isLost: z.boolean().default(false),
  /** Items that answers to FETCH leave out. */
  omit: z.array(z.string()).default([]),
  /** Changes what is sent meanwhile: each pattern, a regular expression, is replaced wherever it is found. */
  replace: z.array(z.strictObject({ pattern: z.string(), by: z.string() })).default([]),
  /** Lines that are sent after the answer. */
  after: z.array(z.string()).default([]),
  /** Cuts the connection after this many bytes of the answer. */
  cutAfter: z.int().optional(),
  /** What happens in the end. A flood is the last line of `after`, without an end. */
  finally: z.enum(["close", "hang", "flood"]).optional(),
});

export type Fault = z.infer<typeof faultSchema>;
export type Protocol = Fault["protocol"];

/** The planned faults of a mailbox. */
export class Faults {
  #planned: Fault[] = [];

  plan(fault: Fault): void {
    this.#planned.push({ ...fault });
  }

  clear(): void {
    this.#planned = [];
  }

  /** The fault that is due now, if there is one. It counts as having happened. */
  take(protocol: Protocol, on: string): Fault | undefined {
    for (const fault of this.#planned) {
      if (fault.protocol !== protocol || fault.on !== on) continue;
      if (fault.skip > 0) {
        fault.skip--;
        continue;
      }
      if (fault.times === 1) this.#planned = this.#planned.filter((other) => other !== fault);
      else if (fault.times > 1) fault.times--;
      return fault;
    }
    return undefined;
  }
}
