import { env } from "cloudflare:workers";

// The operations of the UzbekHub contract, read out of its Markdown.

/** A value of an example: JSON. */
export type Example = string | number | boolean | null | Example[] | { [name: string]: Example };

export type Access = "open" | "user" | "staff";

export interface Operation {
  /** `METHOD /path/` as in the contract. */
  name: string;
  /** The section of the contract: "Accounts". */
  section: string;
  title: string;
  method: string;
  /** As in the contract, with `<id>` for a parameter. */
  path: string;
  access: Access;
  status: number;
  /** Undefined without a body. */
  request: Example | undefined;
  /** Undefined without a body. */
  response: Example | undefined;
  pattern: RegExp;
}

interface Entry extends Omit<Operation, "response" | "pattern" | "name"> {
  /** A body, or the words that refer to another. */
  answer: { example: Example } | { words: string };
}

/** Other names for the titles of operations. */
const ALIASES: Record<string, string> = {
  "user objects": "Search Users",
  "active stories": "List My Active Stories",
  "archive story": "List My Active Stories",
};

/** Reads every operation of the contract. @throws Error for one that it does not understand */
export function readContract(markdown: string): Operation[] {
  const entries = markdown.split(/^## /m).flatMap((part) => {
    const section = /^(\w+) API\n/.exec(part)?.[1] ?? "";
    return section === ""
      ? []
      : part
          .split(/^#### /m)
          .slice(1)
          .map((text) => readEntry(section, text));
  });
  return entries
    .map(({ answer, ...entry }) => ({
      ...entry,
      name: `${entry.method} ${entry.path}`,
      response: "example" in answer ? answer.example : referred(entry.section, answer.words, entries),
      pattern: toPattern(entry.path),
    }))
    .sort((a, b) => byFixedFirst(a.path, b.path));
}

function readEntry(section: string, text: string): Entry {
  const title = /^\d+\. (.+)$/m.exec(text)?.[1];
  const [, method, path] = /^\*\*([A-Z]+)\*\* `([^`]+)`$/m.exec(text) ?? [];
  const access = /^- \*\*Authentication\*\*: (.+)$/m.exec(text)?.[1];
  if (!title || !method || !path || !access) throw new Error(`No operation: ${text.slice(0, 200)}`);
  // Two operations name no answer: they answer with what others of this kind do.
  const [, status = "200", words = "Same as user objects item"] =
    /\*\*Response\*\* \((\d{3}) [\w ]+\):?(.*)$/m.exec(text) ?? [];
  const request = exampleAfter(text, "**Request Body");
  const response = exampleAfter(text, "**Response**");
  return {
    ...{ section, title, method, path, status: method === "DELETE" ? 204 : Number(status), request },
    access: /Admin(?!\/Owner)/.test(access) ? "staff" : access.startsWith("✅") ? "user" : "open",
    answer: response === undefined ? { words } : { example: response },
  };
}

/** The JSON block that comes next after a heading, if nothing of another heading is between. */
function exampleAfter(text: string, heading: string): Example | undefined {
  // Of several examples the last one has the most fields.
  const at = text.lastIndexOf(heading);
  const block = /^[^\n]*\n```json\n([\s\S]*?)\n```/.exec(at < 0 ? "" : text.slice(at));
  return block ? JSON.parse(block[1]!) : undefined;
}

/** What words such as "Same as Get Contacts item" or "Array of views (same structure as Record Post View)" mean. */
function referred(section: string, words: string, entries: Entry[]): Example | undefined {
  const said = words.trim();
  if (said === "") return undefined;
  const named =
    /[Ss]ame (?:as|structure as) (.+?)(?: item| response)?(?: but .*)?\)?$/.exec(said)?.[1] ??
    /^Array of (.+)$/.exec(said)?.[1] ??
    "";
  const title = ALIASES[named] ?? named;
  const found = entries.find(
    (entry) => entry.section === section && entry.title === title && "example" in entry.answer,
  );
  if (!found || !("example" in found.answer)) throw new Error(`Nothing is named by: ${said}`);
  const { example } = found.answer;
  const item = [example].flat().at(-1);
  return said.startsWith("Array of") ? [item!] : item;
}

const toPattern = (path: string): RegExp =>
  new RegExp(`^${path.replace(/\/$/, "").replace(/<\w+>/g, "[^/]+")}/?$`);

/** A fixed segment goes before a parameter. */
const byFixedFirst = (a: string, b: string): number => {
  const [left, right] = [a, b].map((path) => path.replaceAll("<", "~"));
  return left! < right! ? -1 : left! > right! ? 1 : 0;
};

export const operations: Operation[] = readContract(env.TEST_HUB_CONTRACT);

/** The operation that a request calls. */
export const operationOf = (method: string, path: string): Operation | undefined =>
  operations.find((each) => each.method === method && each.pattern.test(path));
