import { type ReactNode, useState, useSyncExternalStore } from "react";
import { toast } from "sonner";
import type { Schemas } from "../api.ts";
import { relativeTime } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { useNameOf } from "../users.ts";
import { previewOf, splitBody } from "./html.ts";
import type { Mail } from "./mail.ts";
import { openComposer } from "./open.ts";
import { reopen } from "./send.ts";
import type { Writer } from "./writer.ts";

/** What the writer must know or decide of the draft. */
export function Notices({ writer, isRestored }: { writer: Writer; isRestored: boolean }) {
  const { conflict, isGone, refusal, mail } = useSyncExternalStore(writer.subscribe, writer.state);
  const [isTold, setTold] = useState(!isRestored);
  if (conflict) return <Conflict writer={writer} theirs={conflict} mine={mail} />;
  if (isGone)
    return (
      <Notice text={t("compose.gone")}>
        <button type="button" className="button" onClick={() => void writer.keepAsNew()}>
          {t("compose.keepAsNew")}
        </button>
      </Notice>
    );
  if (refusal) return <Notice text={t("compose.notSaved", { reason: refusal })} />;
  if (isTold) return null;
  return (
    <Notice text={t("compose.restored")} isQuiet>
      <button type="button" className="link-button" onClick={() => setTold(true)}>
        {t("compose.ok")}
      </button>
    </Notice>
  );
}

const Notice = ({ text, isQuiet, children }: { text: string; isQuiet?: boolean; children?: ReactNode }) => (
  <div className={isQuiet ? "compose-notice" : "compose-notice is-warning"} role="status">
    <p>{text}</p>
    {children}
  </div>
);

/** Both versions of a draft, to choose one. The other is not lost. */
function Conflict({
  writer,
  theirs,
  mine,
}: {
  writer: Writer;
  theirs: Schemas["DraftResponse"];
  mine: Mail;
}) {
  const nameOf = useNameOf();
  const name = nameOf(theirs.updated_by);
  const takeTheirs = async () => {
    const kept = await writer.drop();
    openComposer({ kind: "draft", draft_id: theirs.id });
    toast(t("compose.mineKept"), {
      duration: 30_000,
      action: { label: t("compose.openMine"), onClick: () => reopen(kept) },
    });
  };
  return (
    <div className="compose-notice is-warning compose-conflict" role="alert">
      <p className="notice-title">{t("compose.conflict", { name, ago: relativeTime(theirs.updated_at) })}</p>
      <div className="conflict-versions">
        <section aria-label={t("compose.mine")}>
          <h3>{t("compose.mine")}</h3>
          <Version subject={mine.subject} text={mine.text} />
          <button type="button" className="button" onClick={() => void writer.keepMine()}>
            {t("compose.keepMine")}
          </button>
        </section>
        <section aria-label={name}>
          <h3>{name}</h3>
          <Version subject={theirs.subject} text={splitBody(theirs.body_html).text} />
          <button type="button" className="button" onClick={() => void takeTheirs()}>
            {t("compose.takeTheirs")}
          </button>
        </section>
      </div>
    </div>
  );
}

const Version = ({ subject, text }: { subject: string; text: string }) => (
  <p className="conflict-text" dir="auto">
    {subject ? <strong>{subject}</strong> : null} {previewOf(text) || "—"}
  </p>
);
