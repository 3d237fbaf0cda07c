import { isAttribution, isForwarded, isFromLine, isMessageHead, isOriginalMark } from "./attribution.ts";

/** A plain text mail in two: what was written, and the messages that it quotes below. */
export interface SplitText {
  own: string;
  quoted: string;
}

const isQuoted = (line: string): boolean => line.startsWith(">");
const isBlank = (line: string): boolean => line.trim() === "";

/** How many lines a mail program may break an attribution into. */
const ATTRIBUTION_LINES = 4;

/** Splits a plain text mail. All of it is `own` if nothing would be left, or if something is written below the quote. */
export function splitText(text: string): SplitText {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const start = startOfQuote(lines);
  const own = lines.slice(0, start).join("\n").trimEnd();
  return own.trim() === ""
    ? { own: text, quoted: "" }
    : { own, quoted: lines.slice(start).join("\n").trim() };
}

function startOfQuote(lines: string[]): number {
  const head = lines.findIndex(
    (line, at) =>
      isOriginalMark(line) || (isFromLine(line) && isMessageHead(lines.slice(at, at + 12).join("\n"))),
  );
  if (head >= 0 && !isForwarded(lines.slice(0, head + 1).join("\n"))) {
    // Outlook draws a line above the headers.
    const rule = lines.slice(0, head).findLastIndex((line) => !isBlank(line));
    return rule >= 0 && /^[_-]{5,}$/.test(lines[rule]!.trim()) ? rule : head;
  }
  let start = lines.length;
  while (start > 0 && (isQuoted(lines[start - 1]!) || isBlank(lines[start - 1]!))) start--;
  if (!lines.slice(start).some(isQuoted)) return lines.length;
  while (isBlank(lines[start]!)) start++;
  return attributionAbove(lines, start) ?? start;
}

/** The line at which the attribution of a quote begins, if there is one. It may be broken before or after its date. */
function attributionAbove(lines: string[], start: number): number | undefined {
  let end = start;
  while (end > 0 && isBlank(lines[end - 1]!)) end--;
  let found: number | undefined;
  for (let at = end - 1; at >= 0 && at >= end - ATTRIBUTION_LINES && !isBlank(lines[at]!); at--) {
    const line = lines.slice(at, end).join(" ");
    if (!isAttribution(line)) continue;
    found ??= at;
    if (/\d/.test(line)) return at;
  }
  return found;
}
