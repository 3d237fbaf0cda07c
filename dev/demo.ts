import { conversation, isUnread, type Mailbox } from "./demo/conversation.ts";
import { companies, type Desk, languages, newsletters, notices } from "./demo/data.ts";
import { newsletterHtml } from "./demo/newsletter-html.ts";
import { type Random, seededRandom } from "./demo/random.ts";
import { slotsFor } from "./demo/slots.ts";
import { specialMails } from "./demo/specials.ts";
import { fill, paragraphs } from "./demo/text.ts";
import { DAY, nextWorkingHour } from "./demo/time.ts";
import type { SignedMail } from "./nylas/sim.ts";

const MAILBOXES = companies.flatMap(({ mailboxes }) =>
  mailboxes.map(({ desk, email, name }) => ({ desk, address: { email, name } })),
);

function mailboxOf(desk: Desk): Mailbox {
  const found = MAILBOXES.find((mailbox) => mailbox.desk === desk);
  if (!found) throw new RangeError(`No company has a mailbox for ${desk}`);
  return found.address;
}

const SPAN = 60 * DAY;
const TOTAL = 400;
/** Six newsletters appear once a week each. */
const ISSUES = 48;
const NOTICES = 32;
/** Lengths of conversations, weighted towards short ones. */
const LENGTHS = [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 6, 7, 7];

/**
 * The messages that the demo mailboxes received and sent in the 60 days before `now`: conversations, newsletters,
 * automatic notices, and a few messages of unusual shape.
 * @param now in ms; all dates are relative to it
 * @param seed the same seed and the same `now` give the same messages
 * @returns 400 messages, oldest first; none of them triggers a webhook
 */
export function demoMail(now: number, seed = 1): SignedMail[] {
  const random = seededRandom(seed);
  const mails = [
    ...specialMails(random, { now, mailboxOf }),
    ...issues(random, now),
    ...fromMachines(random, now),
  ];
  const topics = Object.values(languages).flatMap((language) =>
    language.topics.map((topic) => ({ language, topic })),
  );
  for (let count = 1; mails.length < TOTAL; count++) {
    const { language, topic } = random.pick(topics);
    const length = Math.min(random.pick(LENGTHS), TOTAL - mails.length);
    const id = `${seed.toString(36)}.${count}.${random.int(36 ** 5, 36 ** 6).toString(36)}`;
    const mailbox = mailboxOf(topic.desk);
    mails.push(
      ...conversation(random, { language, topic, mailbox, startsAt: moment(random, now), now, length, id }),
    );
  }
  return mails.sort((a, b) => a.date! - b.date!);
}

/** A random moment within the span, during working hours. Falls back to the hour before `now`. */
function moment(random: Random, now: number): number {
  const minutes = random.int(1, SPAN / 60_000);
  const time = nextWorkingHour(random, now - minutes * 60_000);
  return time > now ? now - random.int(1, 60) * 60_000 : time;
}

function issues(random: Random, now: number): SignedMail[] {
  return Array.from({ length: ISSUES }, (_, index) => {
    const newsletter = newsletters[index % newsletters.length]!;
    const { address } = random.pick(MAILBOXES);
    const week = Math.floor(index / newsletters.length);
    const number = 118 + week;
    const stories = random.sample(newsletter.stories, 3);
    const slots = { issue: `${number}`, story: stories[0]![0] };
    const date = nextWorkingHour(
      random,
      now - (ISSUES / newsletters.length - week) * 7 * DAY + (5 + (index % 2)) * DAY,
    );
    return {
      from: newsletter.from,
      to: [address],
      ...(newsletter.replyTo && { replyTo: [newsletter.replyTo] }),
      subject: fill(newsletter.subject, slots),
      html: newsletterHtml(newsletter, { number, stories, reader: address.email }),
      date,
      messageId: `<issue.${index}@${newsletter.from.email.split("@")[1]}>`,
      unread: isUnread(random, date, now),
      silent: true,
    };
  });
}

function fromMachines(random: Random, now: number): SignedMail[] {
  return Array.from({ length: NOTICES }, (_, index) => {
    const { from, desk, language, subject, text } = notices[index % notices.length]!;
    const slots = slotsFor(random, languages[language], {
      person: random.pick(languages[language].people),
      staff: "",
    });
    const body = fill(text, slots);
    const date = moment(random, now);
    return {
      from,
      to: [mailboxOf(desk)],
      subject: fill(subject, slots),
      text: body,
      ...(random.chance(0.6) && { html: paragraphs(body) }),
      date,
      messageId: `<notice.${index}@${from.email.split("@")[1]}>`,
      unread: isUnread(random, date, now),
      silent: true,
    };
  });
}
