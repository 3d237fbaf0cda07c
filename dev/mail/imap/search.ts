import { readEntity } from "../mime/entity.ts";
import { headerOf } from "../mime/headers.ts";
import { decodeText, decodeWords, searchableText } from "../mime/text.ts";
import type { Mail } from "../world/folder.ts";
import { Refusal } from "../world/mailbox.ts";
import { type Command, listOf, type Token, textOf } from "./command.ts";
import { chosen } from "./fetch.ts";
import { type Seen, type Selected, type Session, selectedOf, untagged } from "./session.ts";
import { readDate, writeSet } from "./syntax.ts";

type Test = (seen: Seen) => boolean;

/** SEARCH and UID SEARCH (RFC 3501, 6.4.4), with RETURN (RFC 4731) and MODSEQ (RFC 7162). */
export function search(session: Session, tokens: Token[], command: Command): string {
  const selected = selectedOf(session);
  const words = [...tokens];
  const wanted = returnOf(words);
  const charset = isWord(words[0], "CHARSET") ? textOf(words.splice(0, 2)[1]) : "utf-8";
  const reader = new CriteriaReader(words, selected, charset);
  const test = reader.all();
  const found = selected.view.flatMap((seen, at) => (test(seen) ? [{ ...seen, number: at + 1 }] : []));
  const numbers = found.map(({ mail, number }) => (command.name === "UID SEARCH" ? mail.uid : number));
  if (reader.hasModseq) session.hasCondstore = true;
  const modseq = Math.max(0, ...found.map(({ mail }) => mail.modseq));
  if (wanted === null) {
    const end = reader.hasModseq && numbers.length > 0 ? ` (MODSEQ ${modseq})` : "";
    untagged(session, ["SEARCH", ...numbers].join(" ") + end);
  } else {
    const uid = command.name === "UID SEARCH" ? " UID" : "";
    untagged(session, `ESEARCH (TAG "${command.tag}")${uid}${extended(numbers, wanted)}`);
  }
  return "Search completed.";
}

const isWord = (token: Token | undefined, word: string): boolean =>
  typeof token === "string" && token.toUpperCase() === word;

function returnOf(words: Token[]): string[] | null {
  if (!isWord(words[0], "RETURN")) return null;
  const options = listOf(words.splice(0, 2)[1]).map((option) => textOf(option).toUpperCase());
  return options.length === 0 ? ["ALL"] : options;
}

function extended(numbers: number[], wanted: string[]): string {
  const some = numbers.length > 0;
  const parts: Record<string, string> = {
    ...(some ? { MIN: `${numbers[0]}`, MAX: `${numbers.at(-1)}`, ALL: writeSet(numbers) } : {}),
    COUNT: `${numbers.length}`,
  };
  return wanted.map((name) => (parts[name] === undefined ? "" : ` ${name} ${parts[name]}`)).join("");
}

const FLAGS = ["ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN"];
const ADDRESSES = ["BCC", "CC", "FROM", "SUBJECT", "TO"];
const DAY = 86_400_000;

/** Reads the keys of a search. */
class CriteriaReader {
  readonly #words: Token[];
  readonly #selected: Selected;
  readonly #charset: string;
  hasModseq = false;

  constructor(words: Token[], selected: Selected, charset: string) {
    this.#words = words;
    this.#selected = selected;
    this.#charset = charset;
  }

  /** All of the keys that are left. */
  all(): Test {
    const tests: Test[] = [];
    while (this.#words.length > 0) tests.push(this.#key());
    return (seen) => tests.every((test) => test(seen));
  }

  #next(): string {
    return textOf(this.#words.shift());
  }

  /** Text to look for, in lower case. */
  #text(): string {
    return decodeText(Buffer.from(this.#next(), "latin1"), this.#charset).toLowerCase();
  }

  #key(): Test {
    const [token] = this.#words;
    if (Array.isArray(token)) {
      this.#words.shift();
      const inner = new CriteriaReader([...token], this.#selected, this.#charset);
      const test = inner.all();
      this.hasModseq ||= inner.hasModseq;
      return test;
    }
    const name = this.#next();
    const key = name.toUpperCase();
    return this.#flagKey(key) ?? this.#textKey(key) ?? this.#numberKey(key) ?? this.#otherKey(key, name);
  }

  #flagKey(key: string): Test | undefined {
    const isNot = key.startsWith("UN");
    const flag = isNot ? key.slice(2) : key;
    const wanted = FLAGS.includes(flag)
      ? `\\${flag.toLowerCase()}`
      : flag === "KEYWORD"
        ? this.#next().toLowerCase()
        : undefined;
    if (wanted === undefined) return undefined;
    return ({ mail }) => [...mail.flags].some((each) => each.toLowerCase() === wanted) !== isNot;
  }

  #textKey(key: string): Test | undefined {
    if (ADDRESSES.includes(key)) return headerTest(key, this.#text());
    if (key === "HEADER") return headerTest(this.#next(), this.#text());
    if (key !== "BODY" && key !== "TEXT") return undefined;
    const text = this.#text();
    return ({ mail }) =>
      searchableText(mail.raw).toLowerCase().includes(text) ||
      (key === "TEXT" && headerText(mail).includes(text));
  }

  #numberKey(key: string): Test | undefined {
    if (/^(BEFORE|ON|SINCE|SENTBEFORE|SENTON|SENTSINCE)$/.test(key)) {
      const day = readDate(this.#next());
      const timeOf = key.startsWith("SENT") ? sentAt : ({ receivedAt }: Mail) => receivedAt;
      if (key.endsWith("BEFORE")) return ({ mail }) => timeOf(mail) < day;
      if (key.endsWith("SINCE")) return ({ mail }) => timeOf(mail) >= day;
      return ({ mail }) => timeOf(mail) >= day && timeOf(mail) < day + DAY;
    }
    if (key !== "LARGER" && key !== "SMALLER" && key !== "MODSEQ") return undefined;
    if (key === "MODSEQ") this.hasModseq = true;
    const number = Number(this.#next());
    if (key === "LARGER") return ({ mail }) => mail.raw.length > number;
    if (key === "SMALLER") return ({ mail }) => mail.raw.length < number;
    return ({ mail }) => mail.modseq >= number;
  }

  #otherKey(key: string, name: string): Test {
    if (key === "ALL" || key === "OLD") return () => true;
    if (key === "NEW" || key === "RECENT") return () => false;
    if (key === "NOT") {
      const test = this.#key();
      return (seen) => !test(seen);
    }
    if (key === "OR") {
      const [left, right] = [this.#key(), this.#key()];
      return (seen) => left(seen) || right(seen);
    }
    if (key === "EMAILID") {
      const id = this.#next();
      return ({ mail }) => mail.emailId === id;
    }
    const isUid = key === "UID";
    if (!isUid && !/^[\d*]/.test(key)) throw new Refusal(`Unknown search key ${name}`, { isBad: true });
    const found = new Set(
      chosen(this.#selected, isUid ? this.#next() : name, { name: isUid ? "UID SEARCH" : "SEARCH" }),
    );
    return (seen) => found.has(seen);
  }
}

function headerTest(name: string, text: string): Test {
  return ({ mail }) => {
    const value = headerOf(readEntity(mail.raw).headers, name.toLowerCase());
    return value !== null && decodeWords(value).toLowerCase().includes(text);
  };
}

const headerText = ({ raw }: Mail): string =>
  readEntity(raw)
    .headers.map(({ name, value }) => `${name}: ${decodeWords(value)}`)
    .join("\n")
    .toLowerCase();

const sentAt = ({ raw, receivedAt }: Mail): number => {
  const date = Date.parse(headerOf(readEntity(raw).headers, "date") ?? "");
  return Number.isNaN(date) ? receivedAt : date;
};
