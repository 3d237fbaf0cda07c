import { useQuery } from "@tanstack/react-query";
import { Image } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { queries, sentenceOf } from "../api.ts";
import { t } from "../i18n/index.ts";
import type { Message } from "./fold.ts";
import { MailFrame } from "./frame.tsx";
import { bodyQuery } from "./query.ts";
import { hasRemoteImages } from "./remote-images.ts";
import { trustImages, useTrusted } from "./senders.ts";
import { splitText } from "./split-text.ts";
import { TextBody } from "./text-body.tsx";
import "./body.css";

/** A message's body. Messages that it quotes below are folded behind a button. */
export function MessageBody({ message }: { message: Message }) {
  const [isQuoteShown, showQuote] = useState(false);
  const [hasHtmlQuote, setHtmlQuote] = useState(false);
  const isHtml = Boolean(message.body_html?.trim());
  const text = message.body_text ?? "";
  const hasTextQuote = useMemo(() => !isHtml && splitText(text).quoted !== "", [isHtml, text]);
  const hasQuote = isHtml ? hasHtmlQuote : hasTextQuote;
  return (
    <div className={isHtml ? "body is-html" : "body"}>
      {isHtml ? (
        <HtmlBody message={message} isQuoteShown={isQuoteShown} onQuote={setHtmlQuote} />
      ) : (
        <TextBody text={text} isQuoteShown={isQuoteShown} />
      )}
      {hasQuote ? (
        <button
          type="button"
          className="quote-button"
          aria-expanded={isQuoteShown}
          aria-label={t(isQuoteShown ? "thread.hideQuote" : "thread.showQuote")}
          title={t(isQuoteShown ? "thread.hideQuote" : "thread.showQuote")}
          onClick={() => showQuote(!isQuoteShown)}
        >
          …
        </button>
      ) : null}
    </div>
  );
}

/** `Fwd: …`: what it quotes is its content. */
const FORWARD = /^\s*(?:fwd?|пересл|uzat)\s*:/i;

interface HtmlProps {
  message: Message;
  isQuoteShown: boolean;
  onQuote: (hasQuote: boolean) => void;
}

function HtmlBody({ message, isQuoteShown, onQuote }: HtmlProps) {
  const { id, from_address: sender, from_name, body_html, folder, subject } = message;
  const isTrusted = useTrusted(sender) && folder !== "junk";
  const [isAsked, ask] = useState(false);
  const hasImages = useMemo(() => hasRemoteImages(body_html ?? ""), [body_html]);
  const showsImages = isTrusted || isAsked;
  const latest = useRef(body_html);
  useEffect(() => {
    if (latest.current === body_html) return;
    latest.current = body_html;
    void queries.invalidateQueries({ queryKey: ["body", id] });
  }, [id, body_html]);
  const body = useQuery({ ...bodyQuery(id, hasImages && showsImages), placeholderData: (before) => before });
  return (
    <>
      {hasImages && !showsImages ? (
        <div className="images-bar">
          <Image size={16} aria-hidden="true" />
          <span>{t("thread.imagesBlocked")}</span>
          <button type="button" className="text-button" onClick={() => ask(true)}>
            {t("thread.showImages")}
          </button>
          {folder === "junk" ? null : (
            <button type="button" className="text-button" onClick={() => trustImages(sender, true)}>
              {t("thread.alwaysShowImages", { sender })}
            </button>
          )}
        </div>
      ) : null}
      {hasImages && isTrusted ? (
        <div className="images-bar is-quiet">
          <span>{t("thread.imagesTrusted", { sender })}</span>
          <button type="button" className="text-button" onClick={() => trustImages(sender, false)}>
            {t("thread.blockImages")}
          </button>
        </div>
      ) : null}
      {body.data !== undefined ? (
        <MailFrame
          html={body.data}
          title={t("thread.body", { name: from_name || sender })}
          foldsQuotes={!FORWARD.test(subject)}
          isQuoteShown={isQuoteShown}
          onQuote={onQuote}
        />
      ) : body.isError ? (
        <p className="body-error" role="alert">
          {sentenceOf(body.error)}{" "}
          <button type="button" className="text-button" onClick={() => void body.refetch()}>
            {t("error.retry")}
          </button>
        </p>
      ) : (
        <BodySkeleton />
      )}
    </>
  );
}

const BodySkeleton = () => (
  <div className="body-skeleton" role="status" aria-label={t("thread.loading")}>
    <span className="skeleton" />
    <span className="skeleton" />
    <span className="skeleton" />
  </div>
);
