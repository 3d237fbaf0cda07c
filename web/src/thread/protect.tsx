import { Lock, LockOpen } from "lucide-react";
import { toast } from "sonner";
import { api, queries, type Schemas, sentenceOf, take } from "../api.ts";
import { offerUndo, withdraw } from "../conversations/undo.ts";
import { t } from "../i18n/index.ts";
import { IconButton } from "../ui/icon-button.tsx";

type Thread = Schemas["ThreadDetailResponse"];

const show = (threadId: string, do_not_delete: boolean): void => {
  queries.setQueriesData<Thread>({ queryKey: ["thread", threadId] }, (thread) =>
    thread ? { ...thread, do_not_delete } : thread,
  );
};

const send = (thread_id: string, do_not_delete: boolean) =>
  take(api.PATCH("/threads/{thread_id}", { params: { path: { thread_id } }, body: { do_not_delete } }));

/** Sets or clears the mark that a conversation must not be deleted: at once on the page, then at the API. */
function protect(threadId: string, isProtected: boolean): void {
  show(threadId, isProtected);
  const sent = send(threadId, isProtected);
  const undo = async () => {
    show(threadId, !isProtected);
    await sent;
    await send(threadId, !isProtected);
  };
  offerUndo(t(isProtected ? "done.protect" : "done.unprotect"), undo);
  sent.catch((error) => {
    withdraw(undo);
    show(threadId, !isProtected);
    toast.error(t("failed.change", { reason: sentenceOf(error) }));
  });
}

/** The mark of a conversation that must not be deleted. The whole company shares it. */
export const ProtectButton = ({ threadId, isProtected }: { threadId: string; isProtected: boolean }) => (
  <IconButton
    label={t(isProtected ? "action.unprotect" : "action.protect")}
    aria-pressed={isProtected}
    onClick={() => protect(threadId, !isProtected)}
  >
    {isProtected ? <Lock size={18} /> : <LockOpen size={18} />}
  </IconButton>
);
