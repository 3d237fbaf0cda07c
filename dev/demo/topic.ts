import type { FileKind } from "./files.ts";

/** What a mailbox is for; see the mailboxes of each company in ../demo.ts. */
export type Desk = "sales" | "export" | "people" | "support" | "billing";

/** Somebody outside our companies. */
export interface Person {
  name: string;
  email: string;
  title: string;
  company: string;
  phone: string;
}

/**
 * What a conversation may be about. Its texts hold slots such as {product} (see slots.ts), each with one value per
 * conversation. The nth subject and the nth wordings tell one story; a shorter list begins again.
 */
export interface Topic {
  desk: Desk;
  /** True for a conversation that our mailbox begins. */
  outbound?: boolean;
  subjects: string[];
  /** The sides take turns, and our mailbox has the last word. Each turn has several wordings. */
  turns: string[][];
  /** By turn, counted from 0. */
  files?: Record<number, FileKind>;
}

export interface Language {
  locale: string;
  people: Person[];
  /** Who writes to the people desk. */
  applicants: Person[];
  /** Who signs for a desk of ours. */
  staff: Partial<Record<Desk, { name: string; title: string }[]>>;
  greetings: string[];
  closings: string[];
  /** Sentences that fit anywhere. */
  asides: string[];
  topics: Topic[];
  /** Pairs of a question and our answer that fit after any topic. */
  followUps: [question: string, answer: string][];
  farewell: [thanks: string, answer: string];
  fileNames: Record<FileKind, string>;
  /** What a file of notes says. */
  steps: string[];
  /** Choices for slots that are words. */
  words: { product: string[]; service: string[]; city: string[]; day: string[]; reason: string[] };
  /** What a kilogram of goods costs: a whole number of steps. */
  price: { min: number; max: number; step: number; unit: string };
  /** The line above a quoted mail. */
  wrote: (date: string, person: string) => string;
}
