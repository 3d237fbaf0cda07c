import { readFileSync } from "node:fs";
import { z } from "zod";
import companiesJson from "./data/companies.json" with { type: "json" };
import english from "./data/english.json" with { type: "json" };
import newslettersJson from "./data/newsletters.json" with { type: "json" };
import noticesJson from "./data/notices.json" with { type: "json" };
import russian from "./data/russian.json" with { type: "json" };
import specialsJson from "./data/specials.json" with { type: "json" };
import uzbek from "./data/uzbek.json" with { type: "json" };

// Loads the texts of the demo messages and validates them.

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
/** The department of a mailbox. */
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
      /** The provider in the terms of our API. */
      label: z.string(),
    }),
  ),
});

/** A person outside our companies. */
const person = address.extend({ title: z.string(), company: z.string(), phone: z.string() });

/**
 * The topic of a conversation. Slots such as {product} (see slots.ts) have one value per conversation. The nth subject
 * and the nth wordings form a story; a shorter list starts again.
 */
const topic = z.strictObject({
  desk,
  /** True if our mailbox writes first. */
  outbound: z.boolean().default(false),
  subjects: strings,
  /** The sides alternate. Each turn has several wordings. */
  turns: z.array(strings),
  /** Attachments by turn, counted from 0. */
  files: z.record(z.string().regex(/^\d$/), fileKind).default({}),
});

const language = z.strictObject({
  locale: z.string(),
  people: z.array(person),
  /** People who write to the desk `people`. */
  applicants: z.array(person),
  /** People who sign for our desks. */
  staff: z.partialRecord(desk, z.array(z.strictObject({ name: z.string(), title: z.string() }))),
  greetings: strings,
  closings: strings,
  /** Sentences that fit anywhere. */
  asides: strings,
  topics: z.array(topic),
  /** Pairs of question and answer that fit after any topic. */
  followUps: z.array(z.tuple([z.string(), z.string()])),
  /** A closing message and our reply. */
  farewell: z.tuple([z.string(), z.string()]),
  fileNames: z.record(fileKind, z.string()),
  /** The content of a `notes` attachment. */
  steps: strings,
  /** Values of the slots that are words. */
  words: z.strictObject({
    product: strings,
    service: strings,
    city: strings,
    day: strings,
    reason: strings,
  }),
  /** Range of the price of a kilogram, in steps. */
  price: z.strictObject({ min: z.int(), max: z.int(), step: z.number(), unit: z.string() }),
  /** The line above a quotation, with the slots {date} and {person}. */
  wrote: z.string(),
});

/** A newsletter. */
const newsletter = z.strictObject({
  from: address,
  replyTo: address.exactOptional(),
  locale: z.string(),
  colour: z.string(),
  /** Slots: {issue} and {story}, the first headline. */
  subject: z.string(),
  intro: z.string(),
  readMore: z.string(),
  /** Headline and text. */
  stories: z.array(z.tuple([z.string(), z.string()])),
  /** A table of goods or figures. */
  table: z.strictObject({ head: strings, rows: z.array(strings) }),
  footer: z.string(),
  unsubscribe: z.string(),
});

/** An automatic message. It has the slots of a topic. */
const notice = z.strictObject({
  from: address,
  desk,
  language: z.enum(["uzbek", "russian", "english"]),
  subject: z.string(),
  text: z.string(),
});

const special = { from: address, subject: z.string(), daysAgo: z.int(), messageId: z.string() };

/** Messages of unusual shape. */
const specialMails = z.strictObject({
  /** A body of 3 MB with a large table. */
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
      /** Number of further recipients outside our companies. */
      furtherRecipients: z.int().default(0),
      text: z.string(),
      /** Whether it also has an HTML body. */
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

/** A trader in dried fruit and textiles, and a maker of software for carriers. */
export const companies = z.array(company).parse(companiesJson);
export const languages = z
  .strictObject({ uzbek: language, russian: language, english: language })
  .parse({ uzbek, russian, english });
export const newsletters = z.array(newsletter).parse(newslettersJson);
export const notices = z.array(notice).parse(noticesJson);
export const specials = specialMails.parse(specialsJson);

const template = (name: string) => readFileSync(new URL(`./data/${name}`, import.meta.url), "utf8").trimEnd();

/** HTML templates with slots: a newsletter, and one of its stories. */
export const newsletterTemplate = template("newsletter.html");
export const storyTemplate = template("newsletter-story.html");
