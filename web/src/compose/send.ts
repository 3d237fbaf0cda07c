import { QueryObserver } from "@tanstack/react-query";
import { toast } from "sonner";
import { ApiError, api, queries, type Schemas, sentenceOf, take } from "../api.ts";
import { t } from "../i18n/index.ts";
import { keep } from "./kept.ts";
import type { Mail } from "./mail.ts";
import { openComposer } from "./open.ts";
import type { Writer } from "./writer.ts";

/** For how long a mail can be called back. */
export const UNDO_SECONDS = 10;

export type Timing = { undo_seconds: number } | { send_at: string };

/** What became of sending. */
export type Outcome =
  | { is: "sent"; entry: Schemas["OutboxResponse"]; mail: Mail }
  /** Somebody has written in the conversation. */
  | { is: "collision"; conflict: Schemas["ThreadConflictResponse"] }
  /** An earlier version of the draft was sent, or may have been. */
  | { is: "again"; conflict: Schemas["OutboxConflictResponse"] }
  /** The draft has another version: the writer shows both. */
  | { is: "changed" }
  | { is: "refused"; reason: string };

/** The key of a draft's version that is being sent, so that sending it again repeats the same request. */
const keys = new Map<string, string>();

/**
 * Saves a mail as a draft, and sends that draft.
 * @param again also if an earlier version was sent
 */
export async function send(writer: Writer, timing: Timing, again = false): Promise<Outcome> {
  if (!(await writer.save())) {
    const { conflict, isGone, refusal } = writer.state();
    if (conflict || isGone) return { is: "changed" };
    return { is: "refused", reason: refusal ?? t("compose.notSentOffline") };
  }
  const mail = writer.mail();
  const { draft, thread } = mail;
  // A mail in which nothing was written has no draft yet.
  if (!draft) return { is: "refused", reason: t("compose.nothing") };
  const body = {
    ...timing,
    ...(again ? { again } : {}),
    ...(thread && mail.reply_to_message_id ? { thread_version: thread.version } : {}),
  };
  const name = JSON.stringify([draft, body]);
  const key = keys.get(name) ?? crypto.randomUUID();
  keys.set(name, key);
  const header = { "If-Match": `"${draft.version}"`, "Idempotency-Key": key };
  const params = { path: { draft_id: draft.id }, header };
  try {
    const sent = await take(api.POST("/drafts/{draft_id}/send", { params, body }));
    // It was due at once, because its undo took longer than the request.
    if (!("state" in sent)) return { is: "refused", reason: t("error.unknown") };
    return { is: "sent", entry: sent, mail };
  } catch (error) {
    return refusalOf(error, writer);
  }
}

function refusalOf(error: unknown, writer: Writer): Outcome {
  if (!(error instanceof ApiError)) return { is: "refused", reason: t("compose.notSentOffline") };
  const { body } = error as ApiError<{ detail: string } & Record<string, unknown>>;
  if (error.status !== 409) return { is: "refused", reason: sentenceOf(error) };
  if ("messages" in body)
    return { is: "collision", conflict: body as unknown as Schemas["ThreadConflictResponse"] };
  if ("outbox_id" in body)
    return { is: "again", conflict: body as unknown as Schemas["OutboxConflictResponse"] };
  if (!("draft" in body)) return { is: "refused", reason: sentenceOf(error) };
  const theirs = body.draft as Schemas["DraftResponse"];
  // Somebody sends this very version at this moment.
  if (theirs.version === writer.state().mail.draft?.version)
    return { is: "refused", reason: sentenceOf(error) };
  writer.meet(theirs);
  return { is: "changed" };
}

/** Tells that a mail waits to be sent, and calls it back when asked to. */
export function tellSent({ entry, mail }: Extract<Outcome, { is: "sent" }>, text: string): void {
  void queries.invalidateQueries({ queryKey: ["outbox"] });
  void queries.invalidateQueries({ queryKey: ["drafts"] });
  const id = `sent-${entry.id}`;
  toast(text, {
    id,
    duration: UNDO_SECONDS * 1000,
    action: { label: t("action.undo"), onClick: () => void callBack(entry.id, mail) },
  });
  watch(entry.id, mail);
}

/** Cancels a mail, and opens the composer with all of it. */
export async function callBack(outboxId: string, mail: Mail): Promise<void> {
  try {
    await take(api.POST("/outbox/{outbox_id}/cancel", { params: { path: { outbox_id: outboxId } } }));
  } catch (error) {
    toast.error(t("failed.undo", { reason: sentenceOf(error) }));
    return;
  }
  void queries.invalidateQueries({ queryKey: ["outbox"] });
  reopen(mail);
}

/** Opens the composer with a mail that has no draft any more. */
export function reopen(mail: Mail): void {
  const key = crypto.randomUUID();
  keep(key, { ...mail, draft: null });
  openComposer({ kind: "kept", key });
}

export const outboxEntryQuery = (id: string) => ({
  queryKey: ["outbox", id],
  queryFn: () => take(api.GET("/outbox/{outbox_id}", { params: { path: { outbox_id: id } } })),
});

const LOOK_MS = 4000;
const LONGEST_MS = 180_000;

/** Looks after a mail until it is sent, and says so if it is not. */
function watch(id: string, mail: Mail): void {
  const began = Date.now();
  const observer = new QueryObserver(queries, {
    ...outboxEntryQuery(id),
    refetchInterval: () => (Date.now() - began > LONGEST_MS ? false : LOOK_MS),
  });
  const stop = observer.subscribe(({ data }) => {
    const isScheduled = data?.state === "queued" && Date.parse(data.send_at) > Date.now() + LONGEST_MS;
    if (!data || ((data.state === "queued" || data.state === "sending") && !isScheduled)) return;
    stop();
    if (data.state === "failed")
      toast.error(t("compose.failed", { reason: data.detail ?? "" }), {
        duration: Number.POSITIVE_INFINITY,
        action: { label: t("compose.editAgain"), onClick: () => reopen(mail) },
      });
    if (data.state === "unknown") toast.warning(t("compose.unknown"), { duration: 20_000 });
  });
}
