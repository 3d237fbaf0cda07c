import { readFileSync } from "node:fs";
import { z } from "zod";
import companiesJson from "./data/companies.json" with { type: "json" };
import english from "./data/english.json" with { type: "json" };
import newslettersJson from "./data/newsletters.json" with { type: "json" };
import noticesJson from "./data/notices.json" with { type: "json" };
import russian from "./data/russian.json" with { type: "json" };
import specialsJson from "./data/specials.json" with { type: "json" };
import uzbek from "./data/uzbek.json" with { type: "json" };

// The texts of the demo are data. This file says what they hold, and fails on a mistake in them.

export const FILE_KINDS = [
  "invoice",
  "contract",
  "resume",
  "prices",
  "notes",
  "photo",
  "invitation",
] as const;
export type FileKind = (typeof FILE_KINDS)[number];

const fileKind = z.enum(FILE_KINDS);
/** What a mailbox is for. */
const desk = z.enum(["sales", "export", "people", "support", "billing"]);
const address = z.strictObject({ email: z.string(), name: z.string() });
const strings = z.array(z.string()).min(1);

const company = z.strictObject({
  id: z.int(),
  name: z.string(),
  mailboxes: z.array(
    address.extend({
      desk,
      provider: z.enum(["google", "imap", "microsoft"]),
      /** The provider as our API names it. */
      label: z.string(),
    }),
  ),
});

/** Somebody outside our companies. */
const person = address.extend({ title: z.string(), company: z.string(), phone: z.string() });

/**
 * What a conversation may be about. Its texts hold slots such as {product} (see slots.ts), each with one value per
 * conversation. The nth subject and the nth wordings tell one story; a shorter list begins again.
 */
const topic = z.strictObject({
  desk,
  /** True for a conversation that our mailbox begins. */
  outbound: z.boolean().default(false),
  subjects: strings,
  /** The sides take turns, and our mailbox has the last word. Each turn has several wordings. */
  turns: z.array(strings),
  /** By turn, counted from 0. */
  files: z.record(z.string().regex(/^\d$/), fileKind).default({}),
});

const language = z.strictObject({
  locale: z.string(),
  people: z.array(person),
  /** Who writes to the people desk. */
  applicants: z.array(person),
  /** Who signs for a desk of ours. */
  staff: z.partialRecord(desk, z.array(z.strictObject({ name: z.string(), title: z.string() }))),
  greetings: strings,
  closings: strings,
  /** Sentences that fit anywhere. */
  asides: strings,
  topics: z.array(topic),
  /** Pairs of a question and our answer that fit after any topic. */
  followUps: z.array(z.tuple([z.string(), z.string()])),
  /** Thanks, and our answer to them. */
  farewell: z.tuple([z.string(), z.string()]),
  fileNames: z.record(fileKind, z.string()),
  /** What a file of notes says. */
  steps: strings,
  /** Choices for slots that are words. */
  words: z.strictObject({
    product: strings,
    service: strings,
    city: strings,
    day: strings,
    reason: strings,
  }),
  /** What a kilogram of goods costs: a whole number of steps. */
  price: z.strictObject({ min: z.int(), max: z.int(), step: z.number(), unit: z.string() }),
  /** The line above a quoted mail, of {date} and {person}. */
  wrote: z.string(),
});

/** A series of mails that one sender sends to many. */
const newsletter = z.strictObject({
  from: address,
  replyTo: address.exactOptional(),
  locale: z.string(),
  colour: z.string(),
  /** {issue} and {story} (the first headline) are slots. */
  subject: z.string(),
  intro: z.string(),
  readMore: z.string(),
  /** Headline and text. */
  stories: z.array(z.tuple([z.string(), z.string()])),
  /** Goods or figures. */
  table: z.strictObject({ head: strings, rows: z.array(strings) }),
  footer: z.string(),
  unsubscribe: z.string(),
});

/** A mail that a machine sends. Slots as in a topic. */
const notice = z.strictObject({
  from: address,
  desk,
  language: z.enum(["uzbek", "russian", "english"]),
  subject: z.string(),
  text: z.string(),
});

const special = { from: address, subject: z.string(), daysAgo: z.int(), messageId: z.string() };

/** Mails that mail programs tend to stumble over. */
const specialMails = z.strictObject({
  /** A table of 3 MB. */
  report: z.strictObject({
    ...special,
    title: z.string(),
    intro: z.string(),
    head: strings,
    states: strings,
    end: z.string(),
  }),
  letters: z.array(
    z.strictObject({
      ...special,
      desks: z.array(desk),
      /** How many strangers it goes to as well. */
      furtherRecipients: z.int().default(0),
      text: z.string(),
      /** Whether it has an HTML body, too. */
      html: z.boolean().default(false),
      unread: z.boolean().default(false),
    }),
  ),
});

export type Desk = z.infer<typeof desk>;
export type Person = z.infer<typeof person>;
export type Topic = z.infer<typeof topic>;
export type Language = z.infer<typeof language>;
export type Newsletter = z.infer<typeof newsletter>;

/** A seller of dried fruit and textiles in Tashkent, and a maker of software for carriers. */
export const companies = z.array(company).parse(companiesJson);
export const languages = z
  .strictObject({ uzbek: language, russian: language, english: language })
  .parse({ uzbek, russian, english });
export const newsletters = z.array(newsletter).parse(newslettersJson);
export const notices = z.array(notice).parse(noticesJson);
export const specials = specialMails.parse(specialsJson);

const template = (name: string) => readFileSync(new URL(`./data/${name}`, import.meta.url), "utf8").trimEnd();

/** HTML with slots: an issue of a newsletter, and one of its stories. */
export const newsletterTemplate = template("newsletter.html");
export const storyTemplate = template("newsletter-story.html");
