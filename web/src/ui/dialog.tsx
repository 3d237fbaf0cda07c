import { X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { t } from "../i18n/index.ts";
import { IconButton } from "./icon-button.tsx";
import "./dialog.css";

/**
 * A dialog over the page, on the browser's own: it keeps the focus inside, closes with Escape, and gives the focus back
 * to where it was.
 */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  /** Its owner has closed it, perhaps for another dialog, which the event must not close. */
  const isGone = useRef(false);
  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => {
      isGone.current = true;
      current?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-label={title}
      onClose={() => isGone.current || onClose()}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header>
        <h2>{title}</h2>
        <IconButton label={t("dialog.close")} shortcut="Escape" onClick={() => dialog.current?.close()}>
          <X size={18} />
        </IconButton>
      </header>
      <div className="dialog-body">{children}</div>
    </dialog>
  );
}
