import { decodeReferences } from "../../lib/entities.ts";
import { toIso } from "../../lib/time.ts";
import type { Address } from "../provider/port.ts";

/** A body in both forms; the HTML is sanitised. */
export interface QuotedBody {
  html: string;
  text: string;
}

/** The headers that a quote shows. */
export interface Quoted {
  from: Address;
  to: Address[];
  cc: Address[];
  subject: string;
  /** Seconds since the epoch. */
  sent_at: number;
}

/** Quotes a mail below a reply. */
export function quoteInReply({ from, sent_at }: Quoted, { html, text }: QuotedBody): QuotedBody {
  const line = `On ${timeOf(sent_at)}, ${nameOf(from)} wrote:`;
  const style = "margin:0 0 0 8px;padding-left:12px;border-left:2px solid #ccc";
  return {
    html: `<div><br></div><div>${escapeText(line)}</div><blockquote style="${style}">${html}</blockquote>`,
    text: `\n\n${line}\n${text.replace(/^/gm, "> ").replace(/^> $/gm, ">")}\n`,
  };
}

/** Quotes a mail in a forward: with its headers, and not indented. */
export function quoteInForward(
  { from, to, cc, subject, sent_at }: Quoted,
  { html, text }: QuotedBody,
): QuotedBody {
  const head = [
    "---------- Forwarded message ----------",
    `From: ${nameOf(from)}`,
    `Date: ${timeOf(sent_at)}`,
    `Subject: ${subject}`,
    `To: ${to.map(nameOf).join(", ")}`,
    ...(cc.length ? [`Cc: ${cc.map(nameOf).join(", ")}`] : []),
  ];
  return {
    html: `<div><br></div><div>${head.map(escapeText).join("<br>")}</div><br><div>${html}</div>`,
    text: `\n\n${head.join("\n")}\n\n${text}\n`,
  };
}

/** `2026-11-25 09:30 UTC`, which needs no translation. */
const timeOf = (seconds: number): string => `${toIso(seconds).slice(0, 16).replace("T", " ")} UTC`;

const nameOf = ({ name, email }: Address): string => (name ? `${name} <${email}>` : email);

const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/**
 * Converts sanitised HTML to plain text; blocks, list items and table rows get their own lines. Takes linear time:
 * in sanitised HTML every `<` starts a tag that the next `>` ends.
 */
export function markupToText(sanitized: string): string {
  const text = sanitized
    .replace(/\s+/g, " ")
    .replace(/<br\b[^>]*>/g, "\n")
    .replace(/<li\b[^>]*>/g, "\n- ")
    .replace(/<\/(?:td|th)>/g, "\t")
    .replace(/<\/?(?:p|h[1-6]|blockquote|table|ul|ol|pre)\b[^>]*>/g, "\n\n")
    .replace(/<\/?(?:div|tr|section|article|header|footer|center)\b[^>]*>/g, "\n")
    .replace(/<[^>]*>/g, "");
  const lines = decodeReferences(text)
    .split("\n")
    .map((line) => line.trim());
  return lines
    .filter((line, at) => line || lines[at - 1])
    .join("\n")
    .trim();
}
