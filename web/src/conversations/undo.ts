import { toast } from "sonner";
import { sentenceOf } from "../api.ts";
import { t } from "../i18n/index.ts";

/** What can be undone, the latest last. */
const done: Step[] = [];
const MAX_STEPS = 50;

interface Step {
  toastId: string | number;
  undo(): Promise<void>;
}

/**
 * Says what was done, with a button that undoes it. Ctrl-Z does the same, also when the toast is gone.
 * @param undo may throw; its error is shown
 */
export function offerUndo(text: string, undo: () => Promise<void>): void {
  const step: Step = { toastId: 0, undo };
  step.toastId = toast(text, { action: { label: t("action.undo"), onClick: () => void run(step) } });
  done.push(step);
  if (done.length > MAX_STEPS) done.shift();
}

/** Undoes the latest step that is left. */
export function undoLatest(): void {
  const step = done.at(-1);
  if (step) void run(step);
}

async function run(step: Step): Promise<void> {
  const index = done.indexOf(step);
  if (index < 0) return;
  done.splice(index, 1);
  toast.dismiss(step.toastId);
  try {
    await step.undo();
    toast(t("done.undone"), { duration: 2000 });
  } catch (error) {
    toast.error(t("failed.undo", { reason: sentenceOf(error) }));
  }
}

/** Takes a step back that failed: there is nothing to undo. */
export function withdraw(undo: Step["undo"]): void {
  const index = done.findIndex((step) => step.undo === undo);
  if (index < 0) return;
  const [step] = done.splice(index, 1);
  toast.dismiss(step?.toastId);
}
