import { EventEmitter, once } from "node:events";
import { existsSync } from "node:fs";
import { EventSource } from "eventsource";
import { readDevVars, signToken } from "../../../dev/token.ts";
import { WAIT_MS } from "../../support/wait.ts";
import { getMessage, TokenStorage } from "../guide/client.ts";
import { connectSSE } from "../guide/sse.ts";
import type { Message, SSEConnectedData, SSEEventData } from "../guide/types.ts";

/** All streams that were opened, in order. */
export const streams: EventSource[] = [];

class ListedEventSource extends EventSource {
  constructor(url: string | URL) {
    super(url);
    streams.push(this);
  }
}

/** Puts on globalThis what the guide's client expects of a browser: localStorage and EventSource. */
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

/** From now on the guide's client is this user. */
export async function signIn(user: number, companies: number[]): Promise<void> {
  const file = existsSync(".dev.vars") ? ".dev.vars" : ".dev.vars.example";
  const secret = readDevVars(file).JWT_SECRET ?? "";
  TokenStorage.save(await signToken({ user, companies, role: "agent", hours: 1 }, secret));
}

export interface Live {
  connected: SSEConnectedData;
  /** All that came since, in order. */
  told: SSEEventData[];
  /**
   * Waits for `message.created` of the mail with that subject, as the user who is signed in.
   * @throws Error after five seconds, with what came instead
   */
  arrival(subject: string): Promise<{ event: SSEEventData; message: Message }>;
  close(): void;
}

/** The guide's `connectSSE` of the user who is signed in, once it is connected. */
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
