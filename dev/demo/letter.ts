import type { SignedMail } from "../nylas/sim.ts";
import type { Language } from "./data.ts";
import type { MailAttachment } from "./files.ts";
import type { Random } from "./random.ts";
import { escapeHtml, fill, paragraphs, quoted } from "./text.ts";

export interface LetterParts {
  /** Paragraphs whose slots are filled. */
  body: string[];
  /** First name of the recipient. */
  to: string;
  signature: string;
  /** True for the first message of its author, which is more formal. */
  first: boolean;
}

/** The text of a message, from greeting to signature. */
export function letter(random: Random, language: Language, parts: LetterParts): string {
  const { body, to, signature, first } = parts;
  const greeting = first || random.chance(0.4) ? [fill(random.pick(language.greetings), { to })] : [];
  const signed = first ? signature : signature.split("\n")[0]!;
  return [...greeting, ...body, `${random.pick(language.closings)}\n${signed}`].join("\n\n");
}

/** The bodies of a message: its text above a quotation of the message it replies to. */
export function bodies(
  own: string,
  {
    before,
    language,
    html,
    image,
  }: {
    before: SignedMail | undefined;
    language: Language;
    html: boolean;
    image: MailAttachment | undefined;
  },
): Pick<SignedMail, "text" | "html"> {
  const attribution = before && attributionOf(before, language);
  const text = before ? `${own}\n\n${attribution}\n${quoted(before.text ?? "")}` : own;
  if (!html) return { text };
  const picture = image
    ? `\n<p><img src="cid:${image.contentId}" alt="logo" width="96" height="32"></p>`
    : "";
  const quotation = before
    ? `\n<div class="quote">${escapeHtml(attribution!)}<br>
<blockquote style="margin:0 0 0 8px;border-left:1px solid #ccc;padding-left:8px">
${withoutPictures(before.html ?? paragraphs(before.text ?? ""))}
</blockquote></div>`
    : "";
  return { text, html: `<div dir="ltr">${paragraphs(own)}${picture}</div>${quotation}` };
}

/** Removes inline images from a quotation, since the reply does not attach them. */
const withoutPictures = (html: string) => html.replace(/\n<p><img src="cid:[^>]*><\/p>/g, "");

function attributionOf({ from, date }: SignedMail, { locale, wrote }: Language): string {
  const format = new Intl.DateTimeFormat(locale, {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: "Asia/Tashkent",
  });
  return fill(wrote, { date: format.format(date), person: `${from.name ?? ""} <${from.email}>` });
}
