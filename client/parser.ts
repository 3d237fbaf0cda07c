/** One event as it was sent. Unlike in `EventSource`, an event without an id does not take that of the one before. */
export interface SentEvent {
  /** Empty without an `event:` line. */
  type: string;
  data: string;
  id: string | null;
}

/**
 * Makes a parser of Server-Sent Events (WHATWG HTML section 9.2.6). It is our own, for its size: the client has a
 * budget.
 * @returns a function that takes the text as it arrives, cut anywhere
 */
export function createParser(
  onEvent: (event: SentEvent) => void,
  onRetry: (milliseconds: number) => void,
): (text: string) => void {
  let rest = "";
  let [type, data, id]: [string, string, string | null] = ["", "", null];
  return (text) => {
    // A carriage return at the end may be half of a line break.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const line of lines) {
      const [, field, value = ""] = /^([^:]*):? ?(.*)/s.exec(line)!;
      if (field === "event") type = value;
      else if (field === "data") data += `${value}\n`;
      else if (field === "id") id = value;
      else if (field === "retry" && /^\d+$/.test(value)) onRetry(Number(value));
      else if (line === "") {
        if (data) onEvent({ type, data: data.slice(0, -1), id });
        [type, data, id] = ["", "", null];
      }
    }
  };
}
