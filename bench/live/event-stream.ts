import { type ClientRequest, request } from "node:http";
import { now } from "../support/clock.ts";

/** Receives the events and comments of a stream. */
export interface StreamListener {
  /** @param at time of its last byte, on the clock of `now` */
  onEvent(name: string, data: string, at: number): void;
  /** Called for a comment, such as a keepalive. */
  onComment(): void;
  onClose(): void;
}

/**
 * Opens a stream of Server-Sent Events on a new socket.
 * @returns after the headers have arrived
 * @throws Error if the server refuses it
 */
export function openEventStream(url: string, listener: StreamListener): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const headers = { accept: "text/event-stream" };
    const opening = request(url, { agent: false, headers }, (response) => {
      if (response.statusCode !== 200) {
        opening.destroy();
        reject(new Error(`The server refused the stream: ${response.statusCode}`));
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
