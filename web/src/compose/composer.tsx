import { useEffect, useState } from "react";
import { toast } from "sonner";
import { t } from "../i18n/index.ts";
import { takeTyped } from "../keyboard.ts";
import { currentToken } from "../session.ts";
import { Failed } from "../ui/state.tsx";
import { allKept } from "./kept.ts";
import { closeComposer, type Intent, openComposer } from "./open.ts";
import { Panel } from "./panel.tsx";
import { type Start, startMail } from "./start.ts";
import { writerOf } from "./writer.ts";
import "./composer.css";

/** Writes a mail. */
export default function Composer({ intent }: { intent: Intent }) {
  const [start, setStart] = useState<Start | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [tries, setTries] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another intent is another composer, by its key
  useEffect(() => {
    let isOver = false;
    setError(null);
    startMail(intent).then(
      (begun) => !isOver && setStart(begun),
      (reason) => {
        if (isOver) return;
        takeTyped();
        setError(reason);
      },
    );
    return () => {
      isOver = true;
    };
  }, [tries]);

  if (start) return <Writing start={start} intent={intent} />;
  return (
    <section className="composer" aria-label={t("compose.label")} aria-busy={error === null}>
      <header className="composer-head">
        <h2>{t("compose.label")}</h2>
        <button type="button" className="button" onClick={closeComposer}>
          {t("dialog.close")}
        </button>
      </header>
      {error === null ? <Skeleton /> : <Failed error={error} onRetry={() => setTries(tries + 1)} />}
    </section>
  );
}

const Skeleton = () => (
  <div className="composer-skeleton" aria-hidden="true">
    <div className="skeleton" />
    <div className="skeleton" />
    <div className="skeleton" />
  </div>
);

/** Offers what was written in this browser before, and never saved. */
function offerKept(): void {
  const [last] = allKept();
  if (last)
    toast(t("compose.offer"), {
      duration: 30_000,
      action: { label: t("compose.open"), onClick: () => openComposer({ kind: "kept", key: last.key }) },
    });
}

// The page loads this file a moment after it was opened.
if (currentToken() !== null) offerKept();

/** Owns the writer: leaving, whether to another page or another mail, saves what was written. */
function Writing({ start, intent }: { start: Start; intent: Intent }) {
  const [writer] = useState(() => writerOf(start.begun, start.mail, start.key));
  useEffect(() => {
    const save = () => {
      writer.keepNow();
      void writer.save();
    };
    const hide = () => document.visibilityState === "hidden" && save();
    addEventListener("visibilitychange", hide);
    addEventListener("pagehide", save);
    addEventListener("online", save);
    return () => {
      removeEventListener("visibilitychange", hide);
      removeEventListener("pagehide", save);
      removeEventListener("online", save);
      void writer.close();
    };
  }, [writer]);
  return <Panel writer={writer} intent={intent} isRestored={start.key !== null} />;
}
