import { useMemo } from "react";
import { t } from "../i18n/index.ts";
import { linkify } from "./links.ts";
import { writeTo } from "./mailto.ts";
import { splitText } from "./split-text.ts";

/** The body of a plain text mail. */
export function TextBody({ text, isQuoteShown }: { text: string; isQuoteShown: boolean }) {
  const { own, quoted } = useMemo(() => splitText(text), [text]);
  if (text.trim() === "") return <p className="quiet">{t("thread.noText")}</p>;
  return (
    <div className="text-body" dir="auto">
      <Linked text={own} />
      {quoted && isQuoteShown ? (
        <div className="text-quote">
          <Linked text={quoted} />
        </div>
      ) : null}
    </div>
  );
}

/** A text with links. React escapes it. */
function Linked({ text }: { text: string }) {
  const pieces = useMemo(() => linkify(text), [text]);
  return pieces.map((piece, at) => {
    if (typeof piece === "string") return piece;
    const { href } = piece;
    const isMail = href.startsWith("mailto:");
    return (
      <a
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never change places
        key={at}
        href={href}
        target="_blank"
        rel="noopener noreferrer"
        onClick={(event) => {
          if (!isMail) return;
          event.preventDefault();
          writeTo(href);
        }}
      >
        {piece.text}
      </a>
    );
  });
}
