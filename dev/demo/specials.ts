import type { Address, SignedMail } from "../nylas/sim.ts";
import { type Desk, languages, specials } from "./data.ts";
import type { Random } from "./random.ts";
import { reportHtml } from "./report.ts";
import { paragraphs } from "./text.ts";
import { DAY } from "./time.ts";

const REPORT_BYTES = 3 * 1024 * 1024;

/** Messages of the kinds that often break mail clients, one of each. */
export function specialMails(
  random: Random,
  { now, mailboxOf }: { now: number; mailboxOf: (desk: Desk) => Address },
): SignedMail[] {
  const strangers = Object.values(languages)
    .flatMap(({ people }) => people)
    .map(({ email, name }) => ({ email, name }));
  const { from, subject, daysAgo, messageId, ...table } = specials.report;
  const report: SignedMail = {
    from,
    to: [mailboxOf("sales")],
    subject,
    html: reportHtml(random, { bytes: REPORT_BYTES, ...languages.uzbek.words, ...table }),
    date: now - daysAgo * DAY,
    messageId,
    unread: false,
    silent: true,
  };
  const letters = specials.letters.map(
    ({ from, desks, furtherRecipients, subject, text, html, daysAgo, messageId, unread }): SignedMail => ({
      from,
      to: [...desks.map(mailboxOf), ...random.sample(strangers, furtherRecipients)],
      subject,
      text,
      ...(html && { html: paragraphs(text) }),
      date: now - daysAgo * DAY,
      messageId,
      unread,
      silent: true,
    }),
  );
  return [report, ...letters];
}
