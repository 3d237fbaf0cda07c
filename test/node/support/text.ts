import type { Readable } from "node:stream";

/** The output of a process so far. */
export interface Text {
  text(): string;
  tail(lines: number): string;
  /**
   * Waits until the text matches.
   * @param from the index to search from
   * @throws Error with the end of the text, after the timeout
   */
  until(pattern: RegExp, ms: number, from?: number): Promise<RegExpMatchArray>;
}

/**
 * Collects the output of streams as a terminal shows it. A line that overwrites itself keeps only its last text.
 */
export function watch(...streams: Readable[]): Text {
  let text = "";
  const listeners = new Set<() => void>();
  for (const stream of streams) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text = (text + chunk).replace(/[^\n]*\r/g, "");
      for (const listener of listeners) listener();
    });
  }
  const tail = (lines: number) => text.split("\n").slice(-lines).join("\n");

  const until = (pattern: RegExp, ms: number, from = 0) =>
    new Promise<RegExpMatchArray>((resolve, reject) => {
      const look = () => {
        const match = text.slice(from).match(pattern);
        if (!match) return;
        listeners.delete(look);
        clearTimeout(timer);
        resolve(match);
      };
      const timer = setTimeout(() => {
        listeners.delete(look);
        reject(new Error(`Nothing matched ${pattern} within ${ms / 1000} s:\n${tail(50)}`));
      }, ms);
      listeners.add(look);
      look();
    });

  return { text: () => text, tail, until };
}
