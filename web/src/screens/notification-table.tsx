import { useMutation, useQuery } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { toast } from "sonner";
import { api, queries, sentenceOf, take } from "../api.ts";
import { longDate, relativeTime, shortDate } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { mailboxesQuery, nameOf } from "../mailboxes.ts";
import type { Notification } from "./notifications.tsx";

/** Notifications with what became of each. */
export function NotificationTable({ items }: { items: Notification[] }) {
  const { data: mailboxes = [] } = useQuery(mailboxesQuery);
  const names = new Map(mailboxes.map((mailbox) => [mailbox.id, nameOf(mailbox)]));
  return (
    <div className="card rows parked-scroll">
      <table className="parked-table">
        <thead>
          <tr>
            <th scope="col">{t("parked.received")}</th>
            <th scope="col">{t("parked.type")}</th>
            <th scope="col">{t("parked.mailbox")}</th>
            <th scope="col">{t("parked.state")}</th>
            <th scope="col">{t("parked.error")}</th>
            <th scope="col">
              <span className="visually-hidden">{t("parked.replay")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((each) => (
            <Row key={each.id} notification={each} mailbox={names.get(each.account_id) ?? each.account_id} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ notification, mailbox }: { notification: Notification; mailbox: string }) {
  const { id, received_at, type, state, attempts, error, retry_at } = notification;
  const work = useMutation({
    mutationFn: () =>
      take(api.POST("/webhooks/deliveries/{delivery_id}/replay", { params: { path: { delivery_id: id } } })),
    onSuccess: () => {
      toast.success(t("parked.replayed", { n: 1 }));
      void queries.invalidateQueries({ queryKey: ["notifications"] });
    },
    onError: (failure) => toast.error(sentenceOf(failure)),
  });
  return (
    <tr>
      <td data-label={t("parked.received")}>
        <time dateTime={received_at} title={longDate(received_at)}>
          {relativeTime(received_at)}
        </time>
      </td>
      <td data-label={t("parked.type")}>
        <code>{type}</code>
      </td>
      <td data-label={t("parked.mailbox")}>{mailbox}</td>
      <td data-label={t("parked.state")}>
        <span className="parked-state" data-state={state}>
          {t(`parked.state.${state}`)}
        </span>
        {attempts > 1 ? <span className="quiet"> {t("parked.attempts", { n: attempts })}</span> : null}
      </td>
      <td data-label={t("parked.error")} className="parked-error">
        {error ? <span lang="en">{error}</span> : "–"}
        {retry_at ? <div className="quiet">{t("parked.retry", { when: shortDate(retry_at) })}</div> : null}
      </td>
      <td>
        {state === "received" ? null : (
          <button
            type="button"
            className="button"
            disabled={work.isPending}
            aria-label={t("parked.replayOne", { type })}
            onClick={() => work.mutate()}
          >
            <RotateCcw size={15} aria-hidden="true" />
            {t("parked.replay")}
          </button>
        )}
      </td>
    </tr>
  );
}
