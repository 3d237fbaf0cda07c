import { useEffect, useState } from "react";
import { t } from "../i18n/index.ts";
import { useConnection } from "../live.ts";
import "./live-status.css";

/** Says whether the page is up to date: live, trying to be, offline, or caught up after a cut. */
export function LiveStatus() {
  const { state, since, caughtUp } = useConnection();
  const isOnline = useOnline();
  const seconds = useSeconds(state === "reconnecting", since);
  // Without a network the stream seems live for a while.
  const isLive = isOnline && state === "live";
  const text = !isOnline
    ? t("live.offline")
    : isLive
      ? caughtUp
        ? t("live.caughtUp", { n: caughtUp })
        : t("live.live")
      : state === "reconnecting"
        ? t("live.reconnecting", { n: seconds })
        : t("live.connecting");
  return (
    <p className={`live-status ${isLive ? "is-live" : isOnline ? "is-waiting" : "is-offline"}`}>
      <span className="live-dot" aria-hidden="true" />
      <span aria-hidden="true">{text}</span>
      <span className="visually-hidden" role="status">
        {state === "reconnecting" ? t("live.lost") : text}
      </span>
    </p>
  );
}

function useOnline(): boolean {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    addEventListener("online", update);
    addEventListener("offline", update);
    return () => {
      removeEventListener("online", update);
      removeEventListener("offline", update);
    };
  }, []);
  return isOnline;
}

/** The seconds since a moment, while it is asked for. */
function useSeconds(isAsked: boolean, since: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isAsked) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isAsked]);
  return Math.max(0, Math.round((now - since) / 1000));
}
