import { useState } from "react";
import { t } from "../i18n/index.ts";
import { quoteDocument } from "./html.ts";

interface Props {
  quote: string;
  onEdit: () => void;
  onRemove: () => void;
}

/**
 * The original below the text, folded until it is opened. A stranger wrote it, so it is shown in a frame that runs no
 * script; to be edited, it becomes part of the text in a simpler form.
 */
export function QuoteFold({ quote, onEdit, onRemove }: Props) {
  const [isOpen, setOpen] = useState(false);
  if (!quote) return null;
  return (
    <div className="quote-fold">
      <div className="quote-fold-head">
        <button
          type="button"
          className="quote-toggle"
          aria-expanded={isOpen}
          aria-label={t(isOpen ? "compose.hideQuote" : "compose.showQuote")}
          title={t(isOpen ? "compose.hideQuote" : "compose.showQuote")}
          onClick={() => setOpen(!isOpen)}
        >
          •••
        </button>
        {isOpen ? (
          <>
            <button type="button" className="link-button" onClick={onEdit}>
              {t("compose.editQuote")}
            </button>
            <button type="button" className="link-button" onClick={onRemove}>
              {t("compose.removeQuote")}
            </button>
          </>
        ) : null}
      </div>
      {isOpen ? (
        <iframe title={t("compose.original")} sandbox="allow-popups" srcDoc={quoteDocument(quote)} />
      ) : null}
    </div>
  );
}
