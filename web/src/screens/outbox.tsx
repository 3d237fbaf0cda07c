import { useInfiniteQuery } from "@tanstack/react-query";
import {
  CircleAlert,
  CircleCheck,
  CircleHelp,
  CircleSlash,
  Clock,
  LoaderCircle,
  SendHorizontal,
} from "lucide-react";
import { toast } from "sonner";
import { useLocation } from "wouter";
import { api, queries, type Schemas, sentenceOf, take } from "../api.ts";
import { type Mail, mailOfText } from "../compose/mail.ts";
import { outboxEntryQuery, reopen } from "../compose/send.ts";
import { seenThread } from "../compose/start.ts";
import { longDate, shortDate } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { pathOf } from "../paths.ts";
import { Empty, Failed } from "../ui/state.tsx";
import { useNameOf } from "../users.ts";
import { More } from "./more.tsx";
import { Screen } from "./screen.tsx";
import "./outgoing.css";

type Entry = Schemas["OutboxResponse"];

const ICONS = {
  queued: Clock,
  sending: LoaderCircle,
  sent: CircleCheck,
  failed: CircleAlert,
  unknown: CircleHelp,
  cancelled: CircleSlash,
} as const;

/** What the company has sent or will send, newest first. The live feed reads it again. */
export default function Outbox() {
  const outbox = useInfiniteQuery({
    queryKey: ["outbox", "list"],
    queryFn: ({ pageParam: cursor, signal }) =>
      take(api.GET("/outbox", { params: { query: cursor ? { cursor } : {} }, signal })),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    staleTime: 0,
    // Events tell only of one's own mails.
    refetchInterval: 20_000,
  });
  const { data } = outbox;
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Screen title={t("nav.outbox")}>
      {outbox.isError ? <Failed error={outbox.error} onRetry={() => void outbox.refetch()} /> : null}
      {outbox.isSuccess && items.length === 0 ? (
        <Empty icon={<SendHorizontal size={40} />} title={t("outbox.none")} hint={t("outbox.none.hint")} />
      ) : null}
      <ul className="outgoing" aria-busy={outbox.isPending}>
        {items.map((entry) => (
          <Row key={entry.id} entry={entry} />
        ))}
      </ul>
      <More list={outbox} />
    </Screen>
  );
}

function Row({ entry }: { entry: Entry }) {
  const nameOf = useNameOf();
  const [, navigate] = useLocation();
  const { state, to, subject, user_id, updated_at, message_id } = entry;
  // The entry of a mail that begins a conversation does not know which.
  const open = async () => {
    const params = { path: { message_id: message_id ?? "" } };
    try {
      const { thread_id } = await take(api.GET("/messages/{message_id}", { params }));
      navigate(pathOf({ view: "all" }, thread_id));
    } catch (error) {
      toast.error(sentenceOf(error));
    }
  };
  const Icon = ICONS[state];
  return (
    <li className={`outgoing-row is-${state}`}>
      <Icon size={20} aria-hidden="true" className="outgoing-state" />
      <div className="outgoing-open">
        <span className="outgoing-names">{to.map(({ name, email }) => name ?? email).join(", ")}</span>
        <span className="outgoing-subject" dir="auto">
          {subject || t("list.noSubject")}
        </span>
        <span className="outgoing-said">{saidOf(entry)}</span>
        <span className="quiet">{t("outbox.by", { name: nameOf(user_id) })}</span>
        <span className="outgoing-actions">
          {state === "queued" ? (
            <button type="button" className="button" onClick={() => void cancel(entry)}>
              {t("outbox.cancel")}
            </button>
          ) : null}
          {state === "failed" || state === "cancelled" ? (
            <button type="button" className="button" onClick={() => void editAgain(entry)}>
              {t("compose.editAgain")}
            </button>
          ) : null}
          {state === "sent" && message_id ? (
            <button type="button" className="button" onClick={() => void open()}>
              {t("outbox.open")}
            </button>
          ) : null}
        </span>
      </div>
      <time className="quiet" dateTime={updated_at} title={longDate(updated_at)}>
        {shortDate(updated_at)}
      </time>
    </li>
  );
}

/** A sentence that says what is known of a mail. */
function saidOf({ state, send_at, detail }: Entry): string {
  if (state === "queued") return t("outbox.queued", { time: longDate(send_at) });
  if (state === "failed") return t("outbox.failed", { reason: detail ?? "" });
  if (state === "unknown") return `${t("outbox.unknown")} ${detail ?? ""}`;
  return t(`outbox.${state}`);
}

async function cancel({ id }: Entry): Promise<void> {
  try {
    await take(api.POST("/outbox/{outbox_id}/cancel", { params: { path: { outbox_id: id } } }));
    toast(t("outbox.cancelled"));
  } catch (error) {
    toast.error(t("failed.change", { reason: sentenceOf(error) }));
  }
  await queries.invalidateQueries({ queryKey: ["outbox"] });
}

/** Opens the composer with a mail that was not sent. The outbox keeps no uploads, so its files are attached again. */
async function editAgain(entry: Entry): Promise<void> {
  const read = async (): Promise<Mail | null> => {
    const { mail } = await outboxEntryQuery(entry.id).queryFn();
    if (!mail) return null;
    const thread = entry.thread_id ? await seenThread(entry.thread_id) : null;
    if (mail.files.length)
      toast(t("outbox.filesAgain", { names: mail.files.map(({ filename }) => filename).join(", ") }));
    return mailOfText({ ...mail, account_id: entry.email_account_id, thread });
  };
  try {
    const mail = await read();
    if (mail) reopen(mail);
    else toast.error(t("outbox.gone"));
  } catch (error) {
    toast.error(sentenceOf(error));
  }
}
