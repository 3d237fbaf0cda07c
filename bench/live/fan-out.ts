import { setTimeout as sleep } from "node:timers/promises";
import { watchBystanders } from "../support/bystanders.ts";
import type { Cleanup } from "../support/cleanup.ts";
import { now, sleepUntil } from "../support/clock.ts";
import { usageOf } from "../support/processes.ts";
import { type Distribution, distributionOf } from "../support/statistics.ts";
import { type Subscribers, startSubscribers } from "./subscribers.ts";

/** The event that both servers publish. */
export const PUBLISHED = "thread.updated";

/** A server that sends each published event to many streams. */
export interface Broadcaster {
  name: string;
  /** One for each stream. */
  urls: string[];
  /** The first event of a stream; null for none. */
  greeting: string | null;
  /** Publishes one event and waits for the response. */
  publish(): Promise<void>;
  pids(): number[];
}

export interface FanOutOptions {
  events: number;
  /** Events per second. */
  rate: number;
  idleSeconds: number;
}

/** Times in milliseconds, memory in bytes. */
export interface FanOut {
  name: string;
  streams: number;
  openMs: number;
  openCpuMs: number;
  /** Events per second that were actually published. */
  rate: number;
  expected: number;
  delivered: number;
  closed: number;
  /** Number of streams that did not receive every event exactly once. */
  uneven: number;
  latency: Distribution;
  serverCpuShare: number;
  clientCpuShare: number;
  /** CPU of unrelated processes while publishing, as a share of a core. */
  bystandersCpuShare: number;
  cpuMicrosPerDelivery: number;
  idleSeconds: number;
  idleCpuMs: number;
  idleComments: number;
  rss: { before: number; open: number; afterEvents: number; afterClose: number };
}

/** Time without a delivery after which missing ones count as lost. */
const LOST_AFTER_MS = 10_000;

/** Opens the streams, publishes, waits for all deliveries, and measures an idle phase. */
export async function measureFanOut(
  cleanup: Cleanup,
  server: Broadcaster,
  options: FanOutOptions,
): Promise<FanOut> {
  const { name, urls, greeting } = server;
  const expected = urls.length * options.events;
  const usage = () => usageOf(server.pids());
  const subscribers = startSubscribers(cleanup);
  const before = usage();
  const openMs = await subscribers.open({ urls, greeting, counted: PUBLISHED });
  await sleep(1000);
  const open = usage();
  const clientBefore = usageOf([subscribers.pid]);
  const bystanders = watchBystanders(() => [subscribers.pid, ...server.pids()]);
  const start = now();
  const sentAt = await publishAll(server, options);
  const rate = (options.events - 1) / (((sentAt.at(-1) ?? start) - (sentAt[0] ?? start)) / 1000);
  await allDelivered(subscribers, expected);
  const seconds = (now() - start) / 1000;
  const published = usage();
  const bystandersCpuShare = bystanders();
  const clientCpu = usageOf([subscribers.pid]).cpu - clientBefore.cpu;
  const { comments } = await subscribers.count();
  await sleep(options.idleSeconds * 1000);
  const idle = usage();
  const counts = await subscribers.count();
  const arrivals = await subscribers.arrivals();
  await subscribers.close();
  await sleep(2000);
  const closed = usage();
  await subscribers.stop();
  return {
    ...{ name, streams: urls.length, openMs, openCpuMs: (open.cpu - before.cpu) * 1000, rate, expected },
    delivered: counts.events,
    closed: counts.closed,
    uneven: arrivals.filter(({ length }) => length !== options.events).length,
    latency: distributionOf(latencies(arrivals, sentAt)),
    serverCpuShare: (published.cpu - open.cpu) / seconds,
    clientCpuShare: clientCpu / seconds,
    bystandersCpuShare,
    cpuMicrosPerDelivery: ((published.cpu - open.cpu) * 1e6) / expected,
    idleSeconds: options.idleSeconds,
    idleCpuMs: (idle.cpu - published.cpu) * 1000,
    idleComments: counts.comments - comments,
    rss: { before: before.rss, open: open.rss, afterEvents: published.rss, afterClose: closed.rss },
  };
}

async function publishAll(server: Broadcaster, { events, rate }: FanOutOptions): Promise<number[]> {
  const start = now();
  const sentAt: number[] = [];
  for (let event = 0; event < events; event++) {
    await sleepUntil(start + (event * 1000) / rate);
    sentAt.push(now());
    await server.publish();
  }
  return sentAt;
}

async function allDelivered(subscribers: Subscribers, expected: number): Promise<void> {
  let seen = -1;
  let lastNews = now();
  while (now() - lastNews < LOST_AFTER_MS) {
    const { events } = await subscribers.count();
    if (events >= expected) return;
    if (events > seen) lastNews = now();
    seen = events;
    await sleep(100);
  }
}

/** Both servers keep the order, so the n-th arrival is the n-th published event. */
function latencies(arrivals: Float64Array[], sentAt: number[]): number[] {
  return arrivals.flatMap((times) => Array.from(times, (at, nth) => at - (sentAt[nth] ?? Number.NaN)));
}
