import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { sentenceOf } from "../api.ts";
import { t } from "../i18n/index.ts";
import { Dialog } from "./dialog.tsx";
import "./form.css";

interface Props {
  title: string;
  /** What will happen, and what will not. */
  children: ReactNode;
  /** The button, by what it does. */
  action: string;
  isDangerous?: boolean;
  /** What has to be typed first. */
  typed?: string;
  /** Does it; the dialog closes when it is done, and stays with a sentence when it is refused. */
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, children, action, isDangerous, typed, onConfirm, onClose }: Props) {
  const [text, setText] = useState("");
  const field = useId();
  const work = useMutation({ mutationFn: onConfirm, onSuccess: onClose });
  const isAllowed = typed === undefined || plain(text) === plain(typed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isAllowed && !work.isPending) work.mutate();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {children}
        {typed === undefined ? null : (
          <label className="field" htmlFor={field}>
            {t("confirm.type", { text: typed })}
            <input
              id={field}
              value={text}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
        )}
        <p className="error" role="alert">
          {work.isError ? sentenceOf(work.error) : ""}
        </p>
        <div className="form-actions">
          <button type="button" className="button" onClick={onClose}>
            {t("confirm.cancel")}
          </button>
          <button
            type="submit"
            className={`button ${isDangerous ? "is-dangerous" : "primary"}`}
            disabled={!isAllowed || work.isPending}
          >
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Whatever the case, and whichever apostrophe a keyboard has for that of Yo‘lchi. */
const plain = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[‘’ʻʼ`]/g, "'");
