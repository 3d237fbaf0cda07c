// The lines that mail programs write above a quoted message, in the languages that our users get mail in.

const WROTE =
  /(?:\b(?:wrote|writes|schrieb|escribió|a écrit|yazdı)|(?:пишет|писала?|написала?)(?:\s*\(а\))?|yozdi|yozgan(?:di)?|yozadi|ёзди|ёзган(?:ди)?)[^:]{0,60}:$/iu;

/** A line with an address and a time, such as `Пн, 3 июня 2026, 12:00 от Ali <ali@x.example>:`. */
const ADDRESS_AND_TIME = /^(?=.*\S@\S)(?=.*(?:\b(?:19|20)\d\d\b|\d:\d\d)).*:$/su;

/** Longer lines are text. */
const MAX_LENGTH = 400;

/** True for a line such as `On 3 June 2026, Ali <ali@x.example> wrote:`. */
export function isAttribution(line: string): boolean {
  if (line.length > 4 * MAX_LENGTH) return false;
  const text = line.replace(/\s+/g, " ").trim();
  return text.length <= MAX_LENGTH && (WROTE.test(text) || ADDRESS_AND_TIME.test(text));
}

const ORIGINAL =
  /^[-_\s]{2,}(?:original message|исходное сообщение|первоначальное сообщение|asl xabar|dastlabki xabar|ursprüngliche nachricht|message d'origine)[-_\s]{2,}$/iu;

/** True for a line such as `-----Original Message-----`. */
export const isOriginalMark = (line: string): boolean =>
  line.length <= MAX_LENGTH && ORIGINAL.test(line.trim());

const FROM = /^\*?(?:from|от|kimdan|кимдан|von|de|gönderen)\*?\s*:/iu;
const OTHERS = [
  /(?:^|\n)\s*\*?(?:sent|date|отправлено|дата|sana|yuborilgan|yuborildi|сана|gesendet|envoyé|enviado|tarih)\*?\s*:/iu,
  /(?:^|\n)\s*\*?(?:subject|тема|mavzu|мавзу|betreff|objet|asunto|konu)\*?\s*:/iu,
];

/** True for a line that may begin the headers of a message. */
export const isFromLine = (line: string): boolean => FROM.test(line.trimStart());

/** How far the headers of a quoted message reach, in characters. */
export const HEAD_LENGTH = 1500;

/** True for a text that begins with the headers of a message, as Outlook puts them above the message it answers. */
export const isMessageHead = (text: string): boolean => {
  const head = text.slice(0, HEAD_LENGTH).trimStart();
  return FROM.test(head) && OTHERS.every((line) => line.test(head));
};

const FORWARD =
  /^[-_>\t\u00a0 ]*(?:(?:begin )?forwarded message|пересылаемое сообщение|пересланное сообщение|начало переадресованного сообщения|uzatilgan xabar|yo‘naltirilgan xabar)/imu;

/** True for a text with a forwarded message: that is its content, and not history. */
export const isForwarded = (text: string): boolean => FORWARD.test(text);
