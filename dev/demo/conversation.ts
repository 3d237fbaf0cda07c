import type { Address, SignedMail } from "../nylas/sim.ts";
import type { FileKind, Language, Person, Topic } from "./data.ts";
import { attachment, type FileFacts, type MailAttachment, png } from "./files.ts";
import { bodies, letter } from "./letter.ts";
import type { Random } from "./random.ts";
import { pricePerKilogram, slotsFor } from "./slots.ts";
import { fill } from "./text.ts";
import { DAY, nextWorkingHour } from "./time.ts";

export type Mailbox = Required<Address>;

export interface ConversationPlan {
  language: Language;
  topic: Topic;
  mailbox: Mailbox;
  startsAt: number;
  /** No message is later than this. */
  now: number;
  /** Number of messages. A conversation that reaches `now` stays shorter. */
  length: number;
  /** Unique, since Message-IDs contain it. */
  id: string;
}

interface Writer {
  address: Mailbox;
  signature: string;
}

/** Messages between a customer and one of our mailboxes. Each replies to the previous one and quotes it. */
export function conversation(random: Random, plan: ConversationPlan): SignedMail[] {
  const { language, topic, mailbox, now, id } = plan;
  const person = random.pick(topic.desk === "people" ? language.applicants : language.people);
  const staff = random.pick(language.staff[topic.desk] ?? []);
  const slots = slotsFor(random, language, { person, staff: staff.name });
  const customer: Writer = {
    address: { email: person.email, name: person.name },
    signature: `${person.name}\n${person.title}, ${person.company}\n${person.phone}`,
  };
  const us: Writer = {
    address: mailbox,
    signature: `${staff.name}\n${staff.title}\n${mailbox.name} | ${mailbox.email}`,
  };
  const story = storyOf(random, plan);
  const subject = fill(story.subject, slots);
  const asides = topic.desk === "people" ? [] : random.sample(language.asides, 3);
  const html = random.chance(0.75);
  const logo = html && random.chance(0.3) ? logoOf(mailbox) : undefined;

  const mails: SignedMail[] = [];
  let date = plan.startsAt;
  for (const [turn, template] of story.turns.entries()) {
    if (date > now) break;
    const outgoing = (turn % 2 === 0) === topic.outbound;
    const [writer, reader] = outgoing ? [us, customer] : [customer, us];
    const own = letter(random, language, {
      body: [template, ...(random.chance(0.3) ? asides.splice(0, 1) : [])].map((text) => fill(text, slots)),
      to: outgoing ? slots.customer! : slots.us!,
      signature: writer.signature,
      first: turn < 2,
    });
    const before = mails.at(-1);
    const image = outgoing ? logo : undefined;
    const kind = topic.files[turn];
    const file = kind && fileOf(random, kind, { plan, person, slots, title: subject, date });
    const attachments = [image, file].filter((attached) => attached !== undefined);
    mails.push({
      from: writer.address,
      to: [reader.address],
      subject: before ? `Re: ${subject}` : subject,
      ...bodies(own, { before, language, html, image }),
      ...(attachments.length > 0 && { attachments }),
      date,
      messageId: `<${id}.${turn + 1}@${writer.address.email.split("@")[1]}>`,
      ...(before && answering(before)),
      ...(outgoing && { folder: "SENT" }),
      unread: false,
      silent: true,
    });
    date = nextWorkingHour(random, date + random.int(10, 36 * 60) * 60_000);
  }
  const last = mails.at(-1);
  if (last && last.folder !== "SENT") last.unread = isUnread(random, last.date!, now);
  return mails;
}

/** Whether a message of this date is unread. Only messages of the last ten days can be. */
export const isUnread = (random: Random, date: number, now: number) =>
  date > now - 10 * DAY && random.chance(0.7);

/** One story of the topic, then a follow-up and a farewell, cut to the planned length. */
function storyOf(
  random: Random,
  { language, topic, length }: ConversationPlan,
): { subject: string; turns: string[] } {
  const { subjects } = topic;
  const nth = random.int(0, Math.max(subjects.length, ...topic.turns.map((wordings) => wordings.length)) - 1);
  const own = topic.turns.map((wordings) => wordings[nth % wordings.length]!);
  const more = topic.desk === "people" ? [] : [...random.pick(language.followUps), ...language.farewell];
  return { subject: subjects[nth % subjects.length]!, turns: [...own, ...more].slice(0, length) };
}

function answering(mail: SignedMail): Pick<SignedMail, "inReplyTo" | "references"> {
  const messageId = mail.messageId!;
  return { inReplyTo: messageId, references: [...(mail.references ?? []), messageId] };
}

function logoOf({ email }: Mailbox): MailAttachment {
  const contentId = `logo.${email}`;
  const content = png(96, 32, email.includes("anhor") ? [196, 98, 16] : [16, 98, 196]);
  return { filename: "logo.png", contentType: "image/png", content, contentId, inline: true };
}

interface FileContext {
  plan: ConversationPlan;
  person: Person;
  slots: Record<string, string>;
  title: string;
  date: number;
}

function fileOf(random: Random, kind: FileKind, context: FileContext): MailAttachment {
  const { plan, slots, title, date } = context;
  const { price, words, fileNames } = plan.language;
  const prices = words.product.map((product) => [product, pricePerKilogram(random, price)]);
  const facts: FileFacts = {
    title: kind === "invitation" ? title : `${kind.toUpperCase()} ${slots.order}`,
    lines: linesOf(kind, context),
    rows: [["Product", `Price, ${price.unit}/kg`], ...prices],
    startsAt: nextWorkingHour(random, Math.ceil((date + 2 * DAY) / 3_600_000) * 3_600_000),
    organiser: plan.mailbox.email,
    colour: [random.int(120, 255), random.int(60, 200), random.int(20, 120)],
  };
  return attachment(kind, fill(fileNames[kind], slots), facts);
}

function linesOf(kind: FileKind, { plan, person, slots, date }: FileContext): string[] {
  const { language, topic, mailbox } = plan;
  if (kind === "notes") return language.steps;
  if (kind === "resume") return [`${person.email}, ${person.phone}`, `Experience: ${slots.years} years`];
  const goods = topic.desk === "sales" || topic.desk === "export";
  return [
    `Reference: ${slots.order} / ${slots.invoice}`,
    `Contact: ${mailbox.email}`,
    goods ? `Quantity: ${slots.qty} kg` : `Amount: ${slots.fee} USD`,
    `Date: ${new Date(date).toISOString().slice(0, 10)}`,
  ];
}
