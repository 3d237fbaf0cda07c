import type { Readable } from "node:stream";

/** What a process has printed so far. */
export interface Text {
  text(): string;
  tail(lines: number): string;
  /**
   * Waits until something matches, if nothing does yet.
   * @param from the place in the text from which on to look
   * @throws Error with the end of the text, after that time
   */
  until(pattern: RegExp, ms: number, from?: number): Promise<RegExpMatchArray>;
}

/** Collects what comes out of the streams, as a terminal shows it: of a line that overwrites itself, the end. */
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
