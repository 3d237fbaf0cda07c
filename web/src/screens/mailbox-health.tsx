import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { Schemas } from "../api.ts";
import { longDate, relativeTime, shortDate } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { number, percent } from "../i18n/numbers.ts";
import { type Mailbox, syncQuery } from "../mailboxes.ts";
import { percentOf } from "../ui/mailbox-state.tsx";
import { Failed } from "../ui/state.tsx";

const ASK_MS = 4000;
/** A notification that took less to be applied is as it should be. */
const SLOW_SECONDS = 10;

/** How far a mailbox's history is read, when news came last, and what went wrong. */
export function Health({ mailbox }: { mailbox: Mailbox }) {
  const sync = useQuery({
    ...syncQuery(mailbox.id),
    refetchInterval: mailbox.status === "syncing" ? ASK_MS : ASK_MS * 10,
  });
  if (sync.isError) return <Failed error={sync.error} onRetry={() => void sync.refetch()} />;
  if (!sync.data) return <section className="card health-skeleton skeleton" aria-hidden="true" />;
  const { disconnected_reason, last_error, lag_seconds } = sync.data;
  return (
    <section className="card">
      <h2>{t("health.title")}</h2>
      {mailbox.status === "disconnected" ? (
        <Warning title={t("health.disconnected")} detail={disconnected_reason} />
      ) : null}
      {last_error ? <Warning title={t("health.lastError")} detail={last_error} /> : null}
      <History sync={sync.data} />
      <dl className="facts">
        <Fact name={t("health.lastNotification")}>
          <When time={sync.data.last_webhook_at} />
          {lag_seconds === null || lag_seconds < SLOW_SECONDS ? null : (
            <span className="quiet"> {t("health.lag", { n: lag_seconds })}</span>
          )}
        </Fact>
        <Fact name={t("health.lastSweep")}>
          <When time={sync.data.last_sweep_at} />
        </Fact>
        <Fact name={t("health.repaired")}>{number(sync.data.repaired_count)}</Fact>
        <Fact name={t("health.since")}>
          <When time={mailbox.created_at} />
        </Fact>
      </dl>
    </section>
  );
}

function History({ sync }: { sync: Schemas["SyncResponse"] }) {
  const { state, fetched, oldest_date } = sync;
  const done = percentOf(sync);
  const isRunning = state === "running";
  const until = oldest_date ? t("health.until", { date: shortDate(oldest_date) }) : "";
  const text = t(`health.history.${state}`, { n: fetched });
  return (
    <div className="history">
      <p>
        {text} {state === "none" ? "" : until}
      </p>
      {isRunning ? (
        <div className="history-progress">
          <progress aria-label={t("mailbox.syncing")} {...(done === null ? {} : { value: done, max: 100 })} />
          {done === null ? null : <span>{percent(done)}</span>}
        </div>
      ) : null}
    </div>
  );
}

const Warning = ({ title, detail }: { title: string; detail: string | null }) => (
  <p className="notice is-error">
    <TriangleAlert size={18} aria-hidden="true" />
    <span>
      <strong>{title}</strong> {detail ? <span lang="en">{detail}</span> : null}
    </span>
  </p>
);

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const When = ({ time }: { time: string | null }) =>
  time === null ? (
    <span>{t("health.never")}</span>
  ) : (
    <time dateTime={time} title={longDate(time)}>
      {relativeTime(time)}
    </time>
  );
