import { EventEmitter, once } from "node:events";
import { existsSync } from "node:fs";
import { EventSource } from "eventsource";
import { readDevVars, signToken } from "../../../dev/token.ts";
import { WAIT_MS } from "../../support/wait.ts";
import { getMessage, TokenStorage } from "../guide/client.ts";
import { connectSSE } from "../guide/sse.ts";
import type { Message, SSEConnectedData, SSEEventData } from "../guide/types.ts";

/** All opened streams, in order. */
export const streams: EventSource[] = [];

class ListedEventSource extends EventSource {
  constructor(url: string | URL) {
    super(url);
    streams.push(this);
  }
}

/** Sets the browser globals that the guide's client needs: localStorage and EventSource. */
export function becomeBrowser(): void {
  const items = new Map<string, string>();
  const localStorage = {
    setItem: (name: string, value: string) => void items.set(name, value),
    getItem: (name: string) => items.get(name) ?? null,
    removeItem: (name: string) => void items.delete(name),
  };
  for (const [name, value] of Object.entries({ localStorage, EventSource: ListedEventSource })) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
}

/** Signs the guide's client in as this user. */
export async function signIn(user: number, companies: number[]): Promise<void> {
  const file = existsSync(".dev.vars") ? ".dev.vars" : ".dev.vars.example";
  const secret = readDevVars(file).JWT_SECRET ?? "";
  TokenStorage.save(await signToken({ user, companies, role: "agent", hours: 1 }, secret));
}

export interface Live {
  connected: SSEConnectedData;
  /** All events since, in order. */
  told: SSEEventData[];
  /**
   * Waits for `message.created` of the mail with that subject, as the signed-in user.
   * @throws Error after five seconds, with the events that came instead
   */
  arrival(subject: string): Promise<{ event: SSEEventData; message: Message }>;
  close(): void;
}

/** Runs the guide's `connectSSE` as the signed-in user. Returns once it is connected. */
export async function follow(): Promise<Live> {
  const told: SSEEventData[] = [];
  const news = new EventEmitter();
  const note = (data: SSEEventData) => {
    told.push(data);
    news.emit("more");
  };
  const sse = connectSSE(note, note, note, note);
  const connected = await new Promise<SSEConnectedData>((resolve, reject) => {
    sse.addEventListener("connected", ({ data }) => resolve(JSON.parse(data)));
    sse.addEventListener("error", () => reject(new Error("The stream was refused")));
  });

  const arrival = async (subject: string) => {
    const signal = AbortSignal.timeout(WAIT_MS);
    for (let seen = 0; ; seen++) {
      while (seen === told.length) {
        await once(news, "more", { signal }).catch(() => {
          throw new Error(`No message.created of "${subject}" in time, but ${JSON.stringify(told)}`);
        });
      }
      const event = told[seen]!;
      if (event.type !== "message.created") continue;
      const message = await getMessage(event.message_id);
      if (message.subject === subject) return { event, message };
    }
  };
  return { connected, told, arrival, close: () => sse.close() };
}
