import { Refusal } from "../world/mailbox.ts";

/** Writes a string: in quotes, or as a literal where that is not possible. A character stands for a byte. */
export function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 3501 allows these in literals alone.
  if (/[\x00-\x1f\x7f-\xff]/.test(text) || text.length > 1000) return `{${text.length}}\r\n${text}`;
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

export const nilOr = (text: string | null): string => (text === null ? "NIL" : quoted(text));

/** Encodes the name of a folder (RFC 3501, 5.1.3). */
export const encodeName = (name: string): string =>
  name.replace(/[^\x20-\x7e]+|&/g, (part) => {
    if (part === "&") return "&-";
    const utf16 = Buffer.from(part, "utf16le").swap16();
    return `&${utf16.toString("base64").replace(/=+$/, "").replaceAll("/", ",")}-`;
  });

/** Decodes the name of a folder. Raw UTF-8 is accepted as well. */
export function decodeName(name: string): string {
  if (/[\x80-\xff]/.test(name)) return Buffer.from(name, "latin1").toString();
  return name.replace(/&([^-]*)-/g, (_, base64: string) => {
    if (base64 === "") return "&";
    const bytes = Buffer.from(base64.replaceAll(",", "/"), "base64");
    return bytes
      .subarray(0, bytes.length & ~1)
      .swap16()
      .toString("utf16le");
  });
}

/** Numbers as a client gives them, such as `1:3,7,10:*`: ranges in ascending order. */
export type NumberSet = [from: number, to: number][];

/** @param last what an asterisk stands for. @throws Refusal for what is no set */
export function readSet(text: string, last: number): NumberSet {
  if (!/^(\d+|\*)(:(\d+|\*))?(,(\d+|\*)(:(\d+|\*))?)*$/.test(text))
    throw new Refusal("No set of numbers", { isBad: true });
  const numberOf = (part: string) => (part === "*" ? last : Number(part));
  return text
    .split(",")
    .map((range): [number, number] => {
      const [from = "", to = from] = range.split(":");
      const ends = [numberOf(from), numberOf(to)];
      return [Math.min(...ends), Math.max(...ends)];
    })
    .sort(([a], [b]) => a - b);
}

/** Writes numbers, which must ascend, as a set. */
export function writeSet(numbers: number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}:${to}`)).join(",");
}

/** Keeps what is in the set, in one walk over both. Items and their numbers must ascend. */
export function pick<T>(items: T[], numberOf: (item: T, at: number) => number, set: NumberSet): T[] {
  let range = 0;
  let reached = -1;
  return items.filter((item, at) => {
    const number = numberOf(item, at);
    for (; range < set.length && set[range]![0] <= number; range++)
      reached = Math.max(reached, set[range]![1]);
    return number <= reached;
  });
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Writes a time as INTERNALDATE has it. */
export function writeDate(time: number): string {
  const date = new Date(time);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = String(date.getUTCDate()).padStart(2, " ");
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  return `"${day}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()} ${clock} +0000"`;
}

/** Reads `17-Jul-1996`, with or without a time and a zone. @throws Refusal */
export function readDate(text: string): number {
  const time = Date.parse(
    text.trim().replaceAll(/(?<=\w)-(?=\w)/g, " ") + (text.includes(":") ? "" : " UTC"),
  );
  if (Number.isNaN(time)) throw new Refusal("No date", { isBad: true });
  return time;
}
