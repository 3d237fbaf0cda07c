import type { SignedMail } from "../nylas/sim.ts";
import type { Mailbox } from "./conversation.ts";
import { englishPeople, russianPeople, uzbekPeople } from "./people.ts";
import type { Random } from "./random.ts";
import { reportHtml } from "./report.ts";
import { paragraphs } from "./text.ts";
import { DAY } from "./time.ts";
import { uzbek } from "./uzbek.ts";

const REPORT_BYTES = 3 * 1024 * 1024;
const RECIPIENTS = 30;

/** One mail of each kind that mail programs tend to stumble over. */
export function specialMails(
  random: Random,
  { now, sales, exports }: { now: number; sales: Mailbox; exports: Mailbox },
): SignedMail[] {
  const everybody = [...uzbekPeople, ...russianPeople, ...englishPeople].map(({ email, name }) => ({
    email,
    name,
  }));
  const common = { unread: false, silent: true };
  const report: SignedMail = {
    from: { email: "hisobot@ombor-dasturi.example", name: "Ombor dasturi" },
    to: [sales],
    subject: "Yillik hisobot (katta jadval)",
    html: reportHtml(random, {
      bytes: REPORT_BYTES,
      cities: uzbek.words.city,
      products: uzbek.words.product,
    }),
    date: now - 20 * DAY,
    messageId: "<report.1@ombor-dasturi.example>",
    ...common,
  };
  const twoMailboxes = `Dear sales and export teams,

we would like 400 kg of raisins for the local market and one container for Riga, and prefer a single contract for both. Who of you takes the lead?

Jānis Ozols
Rīga Freight`;
  const invitation = `Уважаемые коллеги! Hurmatli hamkorlar! Dear partners,

ежегодная встреча производителей и покупателей сухофруктов пройдёт в Ташкенте в последний четверг месяца. Ishtirok bepul, joylar soni cheklangan. Please answer with the number of guests and we will book the bus from the railway station.

Savdo palatasi 🍇`;
  return [
    report,
    {
      from: { email: "janis@rigafreight.example", name: "Jānis Ozols" },
      to: [sales, exports],
      subject: "Raisins: local order and a container, one contract?",
      text: twoMailboxes,
      html: paragraphs(twoMailboxes),
      date: now - 9 * DAY,
      messageId: "<two-desks.1@rigafreight.example>",
      ...common,
    },
    {
      from: { email: "doniyor1987@pochta.example", name: "Doniyor Ergashev" },
      to: [sales],
      subject: "",
      text: "Assalomu alaykum, kecha gaplashgan edik. Bodom bormi hali? Telefonim o‘sha-o‘sha.\n\niPhone’imdan yuborildi",
      date: now - 2 * DAY,
      messageId: "<no-subject.1@pochta.example>",
      ...common,
      unread: true,
    },
    {
      from: { email: "bulletin@savdo-palata.example", name: "Savdo palatasi" },
      to: [exports, ...random.sample(everybody, RECIPIENTS - 1)],
      subject: "Приглашение | Taklifnoma | Invitation 🍇",
      text: invitation,
      html: paragraphs(invitation),
      date: now - 15 * DAY,
      messageId: "<thirty.1@savdo-palata.example>",
      ...common,
    },
  ];
}
