import { Paperclip, SendHorizontal, Trash2 } from "lucide-react";
import { useRef, useSyncExternalStore } from "react";
import { shortDate } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { SendLater } from "./send-later.tsx";
import type { Sending } from "./sending.ts";
import type { State, Writer } from "./writer.ts";

interface Props {
  writer: Writer;
  sending: Sending;
  onFiles: (files: File[]) => void;
  onDiscard: () => void;
}

/** The buttons below the text, and what is known of its draft. */
export function Foot({ writer, sending, onFiles, onDiscard }: Props) {
  const state = useSyncExternalStore(writer.subscribe, writer.state);
  const picker = useRef<HTMLInputElement>(null);
  const { isBusy, refusal, again } = sending;
  return (
    <footer className="composer-foot">
      {refusal ? (
        <p className="error" role="alert">
          {refusal}
        </p>
      ) : null}
      {again ? (
        <p className="error" role="alert">
          {t(
            again.state === "sent"
              ? "compose.wasSent"
              : again.state === "queued"
                ? "compose.isQueued"
                : "compose.maybeSent",
          )}{" "}
          <button type="button" className="link-button" onClick={() => void sending.sendAnyway()}>
            {t("compose.sendAgain")}
          </button>
        </p>
      ) : null}
      <div className="composer-buttons">
        <div className="send-buttons">
          <button
            type="button"
            className="button primary"
            aria-keyshortcuts="Control+Enter"
            title={`${t("compose.send")} (Ctrl+Enter)`}
            aria-disabled={isBusy}
            onClick={() => void sending.send()}
          >
            <SendHorizontal size={16} />
            {t(isBusy ? "compose.sending" : "compose.send")}
          </button>
          <SendLater onChoose={(time) => void sending.send(time)} />
        </div>
        <IconButton label={t("compose.attach")} onClick={() => picker.current?.click()}>
          <Paperclip size={18} />
        </IconButton>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={({ currentTarget }) => {
            onFiles([...(currentTarget.files ?? [])]);
            currentTarget.value = "";
          }}
        />
        <span className="saving quiet" role="status">
          {savingText(state)}
        </span>
        <IconButton label={t("compose.discard")} onClick={onDiscard}>
          <Trash2 size={17} />
        </IconButton>
      </div>
    </footer>
  );
}

function savingText({ saving, savedAt }: State): string {
  if (saving === "saved" && savedAt !== null)
    return t("compose.saved", { time: shortDate(new Date(savedAt).toISOString()) });
  if (saving === "saving") return t("compose.saving");
  if (saving === "offline") return t("compose.offline");
  return "";
}
