import { type ClientRequest, request } from "node:http";
import { now } from "../support/clock.ts";

/** Who is told what comes on a stream. */
export interface StreamListener {
  /** @param at when its last byte was read, on the clock of `now` */
  onEvent(name: string, data: string, at: number): void;
  /** A comment: what servers keep idle streams alive with. */
  onComment(): void;
  onClose(): void;
}

/**
 * Opens a stream of Server-Sent Events on a socket of its own.
 * @returns once the headers have come
 * @throws Error when it was refused
 */
export function openEventStream(url: string, listener: StreamListener): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const headers = { accept: "text/event-stream" };
    const opening = request(url, { agent: false, headers }, (response) => {
      if (response.statusCode !== 200) {
        opening.destroy();
        reject(new Error(`The stream was refused: ${response.statusCode}`));
        return;
      }
      const read = createReader(listener);
      response.setEncoding("utf8").on("data", read);
      response.on("error", () => {}); // "close" follows
      response.on("close", () => listener.onClose());
      resolve(opening);
    });
    opening.on("error", reject);
    opening.end();
  });
}

function createReader(listener: StreamListener): (chunk: string) => void {
  let text = "";
  return (chunk) => {
    const at = now();
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      tell(listener, block, at);
    }
  };
}

function tell(listener: StreamListener, block: string, at: number): void {
  let name = "message";
  let data: string | undefined;
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    if (line.startsWith("data:")) data = line.slice(5).trim();
  }
  if (data === undefined) listener.onComment();
  else listener.onEvent(name, data, at);
}
