import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { queries, type Schemas } from "../api.ts";
import { t } from "../i18n/index.ts";
import { percent } from "../i18n/numbers.ts";
import { type Mailbox, mailboxesQuery, syncQuery } from "../mailboxes.ts";
import "./mailbox-state.css";

const ASK_MS = 5000;

/** How a mailbox is, as a colour and in words. */
export function MailboxState({ mailbox }: { mailbox: Mailbox }) {
  const { id, status } = mailbox;
  return (
    <span className="mailbox-state" data-state={status}>
      {status === "syncing" ? <Progress id={id} /> : t(`mailbox.${status}`)}
    </span>
  );
}

/** How far the history of a mailbox is read, in percent; null while that is not known. */
export function percentOf({ fetched, estimated_total }: Schemas["SyncResponse"]): number | null {
  if (!estimated_total) return null;
  return Math.min(Math.floor((fetched / estimated_total) * 100), 99);
}

function Progress({ id }: { id: string }) {
  const { data: sync } = useQuery({ ...syncQuery(id), refetchInterval: ASK_MS });
  const state = sync?.state;
  useEffect(() => {
    if (state === "done") void queries.invalidateQueries(mailboxesQuery);
  }, [state]);
  const done = sync ? percentOf(sync) : null;
  return <>{done === null ? t("mailbox.syncing") : t("mailbox.progress", { percent: percent(done) })}</>;
}
