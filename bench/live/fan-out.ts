import { setTimeout as sleep } from "node:timers/promises";
import { watchBystanders } from "../support/bystanders.ts";
import type { Cleanup } from "../support/cleanup.ts";
import { now, sleepUntil } from "../support/clock.ts";
import { usageOf } from "../support/processes.ts";
import { type Distribution, distributionOf } from "../support/statistics.ts";
import { type Subscribers, startSubscribers } from "./subscribers.ts";

/** The event that is published, by each server alike. */
export const PUBLISHED = "thread.updated";

/** A server that brings each published event to many streams. */
export interface Broadcaster {
  name: string;
  /** One for each stream. */
  urls: string[];
  /** The event that a stream begins with; null for none. */
  greeting: string | null;
  /** Publishes one event; settles with the server's answer. */
  publish(): Promise<void>;
  pids(): number[];
}

export interface FanOutOptions {
  events: number;
  /** Events a second. */
  rate: number;
  idleSeconds: number;
}

/** Times in milliseconds, memory in bytes. */
export interface FanOut {
  name: string;
  streams: number;
  openMs: number;
  openCpuMs: number;
  /** Events a second as they were really published. */
  rate: number;
  expected: number;
  delivered: number;
  closed: number;
  /** Streams on which the number of events is not the number of those published. */
  uneven: number;
  latency: Distribution;
  serverCpuShare: number;
  clientCpuShare: number;
  /** CPU of everything that has nothing to do with the bench, while publishing, as a share of a core. */
  bystandersCpuShare: number;
  cpuMicrosPerDelivery: number;
  idleSeconds: number;
  idleCpuMs: number;
  idleComments: number;
  rss: { before: number; open: number; afterEvents: number; afterClose: number };
}

/** How long nothing may come before what is missing counts as lost. */
const LOST_AFTER_MS = 10_000;

/** Opens the streams, publishes, waits for every delivery, and then for nothing. */
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

/** Both servers keep the order, so a stream's n-th arrival is the n-th that was sent. */
function latencies(arrivals: Float64Array[], sentAt: number[]): number[] {
  return arrivals.flatMap((times) => Array.from(times, (at, nth) => at - (sentAt[nth] ?? Number.NaN)));
}
