import { type RefObject, useState } from "react";
import type { Schemas } from "../api.ts";
import { longDate } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { everyone, isAddress } from "./mail.ts";
import { closeComposer } from "./open.ts";
import { type Outcome, send, type Timing, tellSent, UNDO_SECONDS } from "./send.ts";
import type { Uploads } from "./uploads.ts";
import type { Writer } from "./writer.ts";

export interface Sending {
  isBusy: boolean;
  /** Why it was not sent. */
  refusal: string | null;
  /** What others have written in the conversation, told by a refusal. */
  collision: Schemas["ThreadConflictResponse"] | null;
  /** An earlier version of the draft was sent, or may have been. */
  again: Schemas["OutboxConflictResponse"] | null;
  /** Sends the mail. @param at when; at once, with time to undo it, if absent */
  send(at?: string): Promise<void>;
  /** Sends it although others have written, or although an earlier version was sent. */
  sendAnyway(): Promise<void>;
  /** Forgets why it was not sent. */
  clear(): void;
}

const NOTHING = { refusal: null, collision: null, again: null };

/** Sends the mail of a writer, and knows why it could not. */
export function useSending(
  writer: Writer,
  uploads: Uploads,
  to: RefObject<HTMLInputElement | null>,
): Sending {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Pick<Sending, "refusal" | "collision" | "again">>(NOTHING);
  const [timing, setTiming] = useState<Timing>({ undo_seconds: UNDO_SECONDS });

  const run = async (timing: Timing, again = false) => {
    setTiming(timing);
    setProblem(NOTHING);
    setBusy(true);
    const outcome = await send(writer, timing, again);
    setBusy(false);
    if (outcome.is === "sent") return finish(outcome, timing);
    setProblem({
      refusal: outcome.is === "refused" ? outcome.reason : null,
      collision: outcome.is === "collision" ? outcome.conflict : null,
      again: outcome.is === "again" ? outcome.conflict : null,
    });
  };
  const finish = async (sent: Extract<Outcome, { is: "sent" }>, timing: Timing) => {
    await writer.drop();
    closeComposer();
    const text =
      "send_at" in timing ? t("compose.scheduled", { time: longDate(timing.send_at) }) : t("compose.sent");
    tellSent(sent, text);
  };

  /** What must be repaired before it can be sent. */
  const flaw = (): string | null => {
    const mail = writer.mail();
    const bad = everyone(mail).find(({ email }) => !isAddress(email));
    if (bad) return t("compose.invalidAddress", { email: bad.email });
    if (mail.to.length === 0) return t("compose.noRecipient");
    return uploads.isRunning ? t("compose.stillUploading") : null;
  };

  return {
    isBusy,
    ...problem,
    async send(at) {
      if (isBusy) return;
      // A field takes what is typed in it when it loses the focus.
      if (document.activeElement === to.current || document.activeElement?.matches(".people-field input")) {
        const field = document.activeElement as HTMLElement;
        field.blur();
        field.focus();
      }
      await Promise.resolve();
      const refusal = flaw();
      if (refusal) {
        setProblem({ ...NOTHING, refusal });
        if (writer.mail().to.length === 0) to.current?.focus();
        return;
      }
      await run(at ? { send_at: at } : { undo_seconds: UNDO_SECONDS });
    },
    async sendAnyway() {
      const { collision } = problem;
      const { thread } = writer.mail();
      if (collision && thread) {
        const seen = [...thread.seen, ...collision.messages.map(({ id }) => id)];
        writer.see({ ...thread, version: collision.version, seen });
      }
      await run(timing, problem.again !== null);
    },
    clear: () => setProblem(NOTHING),
  };
}
