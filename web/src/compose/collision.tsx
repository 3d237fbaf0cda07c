import { useQuery } from "@tanstack/react-query";
import { MessagesSquare } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useLocation } from "wouter";
import type { Schemas } from "../api.ts";
import { relativeTime } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { pathOf } from "../paths.ts";
import { threadQuery } from "../thread/query.ts";
import { useNameOf } from "../users.ts";
import type { Sending } from "./sending.ts";
import type { Writer } from "./writer.ts";

type Message = Schemas["MessageResponse"];

interface Props {
  writer: Writer;
  sending: Sending;
  /** The conversation is to be looked at. */
  onShow: () => void;
}

/** Says that others have written in the conversation since this mail was begun: while it is written, and when the API refuses it. */
export function Collision({ writer, sending, onShow }: Props) {
  const { thread } = useSyncExternalStore(writer.subscribe, writer.state).mail;
  const [, navigate] = useLocation();
  const { data } = useQuery({ ...threadQuery(thread?.id ?? "", "inbox"), enabled: thread !== null });
  const refused = sending.collision;
  if (!thread) return null;
  const fresh = data && data.version > thread.version;
  const unseen =
    refused?.messages ?? (fresh ? data.messages.filter(({ id }) => !thread.seen.includes(id)) : []);
  if (!refused && unseen.length === 0) return null;

  const see = () => {
    const version = Math.max(refused?.version ?? 0, data?.version ?? 0);
    writer.see({ ...thread, version, seen: [...thread.seen, ...unseen.map(({ id }) => id)] });
    sending.clear();
    if (!location.pathname.includes(thread.id)) navigate(pathOf({ view: "all" }, thread.id));
    onShow();
  };
  return (
    <div className="compose-notice is-warning" role="alert">
      <MessagesSquare size={18} aria-hidden="true" />
      <div>
        {refused ? <p className="notice-title">{t("compose.notSent")}</p> : null}
        {unseen.length === 0 ? <p>{t("compose.colleagueSends")}</p> : null}
        {unseen.slice(-3).map((message) => (
          <Written key={message.id} message={message} />
        ))}
        {refused?.more || unseen.length > 3 ? <p className="quiet">{t("compose.andMore")}</p> : null}
        <div className="notice-actions">
          {unseen.length > 0 ? (
            <button type="button" className="button" onClick={see}>
              {t("compose.seeIt")}
            </button>
          ) : null}
          {refused ? (
            <button type="button" className="button" onClick={() => void sending.sendAnyway()}>
              {t("compose.sendAnyway")}
            </button>
          ) : null}
        </div>
      </div>
    </div>
  );
}

const TICK_MS = 5000;

/** Who wrote, when, and how it begins. */
function Written({ message }: { message: Message }) {
  const nameOf = useNameOf();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const { sent_by, from_name, from_address, sent_at, snippet } = message;
  const name = sent_by === null ? from_name || from_address : nameOf(sent_by);
  return (
    <p>
      <strong>
        {t(sent_by === null ? "compose.wrote" : "compose.answered", { name, ago: relativeTime(sent_at) })}
      </strong>
      {snippet ? <span className="notice-snippet">{snippet}</span> : null}
    </p>
  );
}
