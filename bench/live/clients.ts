import type { ClientRequest } from "node:http";
import { obeyParent } from "../support/child.ts";
import { now } from "../support/clock.ts";
import { openEventStream } from "./event-stream.ts";
import type { Command, Reply, StreamCounts } from "./subscribers.ts";

// Reads the streams in a separate process, so that reading does not disturb the measurement.

const OPENED_AT_A_TIME = 50;

const requests: ClientRequest[] = [];
/** Arrival times of the events, by stream. */
const arrivals: number[][] = [];
const counts: StreamCounts = { events: 0, comments: 0, closed: 0 };

obeyParent(obey);

async function obey(command: Command): Promise<Reply> {
  if (command.kind === "open") return { ms: await openAll(command) };
  if (command.kind === "count") return counts;
  if (command.kind === "report") return { arrivals: arrivals.map((times) => Float64Array.from(times)) };
  for (const request of requests) request.destroy();
  return {};
}

async function openAll({ urls, greeting, counted }: Extract<Command, { kind: "open" }>): Promise<number> {
  const start = now();
  const waiting = urls.values();
  const openSome = async () => {
    for (const url of waiting) await openOne(url, greeting, counted);
  };
  await Promise.all(Array.from({ length: OPENED_AT_A_TIME }, openSome));
  return now() - start;
}

async function openOne(url: string, greeting: string | null, counted: string): Promise<void> {
  const times: number[] = [];
  arrivals.push(times);
  await new Promise<void>((resolve, reject) => {
    const listener = {
      onEvent(name: string, _data: string, at: number) {
        if (name === greeting) resolve();
        if (name !== counted) return;
        times.push(at);
        counts.events++;
      },
      onComment: () => void counts.comments++,
      onClose() {
        counts.closed++;
        reject(new Error("The stream was closed before its first event"));
      },
    };
    openEventStream(url, listener).then((request) => {
      requests.push(request);
      if (greeting === null) resolve();
    }, reject);
  });
}
