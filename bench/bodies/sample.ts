import { newsletters } from "../../dev/demo/data.ts";
import { newsletterHtml } from "../../dev/demo/newsletter-html.ts";
import { type Random, seededRandom } from "../../dev/demo/random.ts";
import { paragraphs } from "../../dev/demo/text.ts";
import { demoMail } from "../../dev/demo.ts";
import type { SignedMail } from "../../dev/nylas/sim.ts";

/** A kind of mail: its share of a team's mailbox, and a body. */
export interface Kind {
  share: number;
  what: string;
  body(random: Random): string;
}

/** The demo's letters, without its mail of 3 MB. They quote what they reply to. */
const LETTERS: SignedMail[] = demoMail(Date.UTC(2026, 5, 1)).filter(
  ({ from, html, text }) =>
    !newsletters.some((newsletter) => newsletter.from.email === from.email) &&
    (html ?? text ?? "").length < 100_000,
);

/** Bytes that Word adds to a mail from Outlook: its style sheet, and class and spans of a paragraph. */
const OUTLOOK_HEAD = `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!--\n${"p.MsoNormal, li.MsoNormal {margin:0in; font-size:11.0pt; font-family:Calibri,sans-serif;}\n".repeat(28)}--></style></head>`;
const OUTLOOK_PARAGRAPH = `<p class="MsoNormal"><span lang="EN-US" style="font-size:11.0pt;color:#1F497D">`;

const textOf = (mail: SignedMail): string => mail.text ?? "";
const htmlOf = (mail: SignedMail): string => mail.html ?? paragraphs(textOf(mail));

/** A mail as marketing tools write it. @param stories each adds some 700 bytes */
function fromTool(random: Random, stories: number): string {
  const newsletter = random.pick(newsletters);
  const all = Array.from({ length: stories }, () => random.pick(newsletter.stories));
  return newsletterHtml(newsletter, {
    number: random.int(1, 999),
    stories: all,
    reader: "team@demo.example",
  });
}

/**
 * The mail of a team: sizes of letters follow the demo, those of tools follow published templates: Mailgun's have 7 to
 * 12 KB, Postmark's 15 to 29 KB. An Outlook mail with one sentence has 3 to 4 KB.
 */
export const KINDS: Kind[] = [
  { share: 0.08, what: "letters in plain text", body: (random) => textOf(random.pick(LETTERS)) },
  {
    share: 0.27,
    what: "letters from a web mail",
    body: (random) => `<div dir="ltr"><div class="gmail_default">${htmlOf(random.pick(LETTERS))}</div></div>`,
  },
  {
    share: 0.25,
    what: "letters from Outlook",
    body: (random) => OUTLOOK_HEAD + htmlOf(random.pick(LETTERS)).replaceAll("<p>", OUTLOOK_PARAGRAPH),
  },
  { share: 0.25, what: "notices and receipts", body: (random) => fromTool(random, random.int(6, 38)) },
  { share: 0.12, what: "newsletters", body: (random) => fromTool(random, random.int(25, 80)) },
  { share: 0.03, what: "newsletters over 64 KB", body: (random) => fromTool(random, random.int(110, 300)) },
];

/** Each kind as often as it occurs among 100 mails. */
const DRAWN = KINDS.flatMap((kind) => Array.from({ length: Math.round(100 * kind.share) }, () => kind));

/** A body, and the kind of its mail. */
export interface Sampled {
  kind: Kind;
  body: string;
}

/** Bodies of a team's mailbox, in random order. The same seed gives the same bodies. */
export function sampleBodies(count: number, seed = 1): Sampled[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const kind = random.pick(DRAWN);
    return { kind, body: kind.body(random) };
  });
}
