import { openInspector } from "../support/inspector.ts";

/** A function as V8 names it; line and column are 0-based. */
export interface CallFrame {
  functionName: string;
  url: string;
  lineNumber: number;
  columnNumber: number;
}

/** A .cpuprofile, as V8 writes it and browsers' developer tools read it. */
export interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[];
  /** The ids of the nodes that ran, sample by sample. */
  samples: number[];
  /** Microseconds between samples. */
  timeDeltas: number[];
  startTime: number;
  endTime: number;
}

/** An isolate whose profiler can be started: a Worker of ours, or one of those that play D1, R2 and so on. */
export interface Isolate {
  name: string;
  start(): Promise<void>;
  stop(): Promise<CpuProfile>;
}

/** Microseconds. */
const SAMPLING_INTERVAL = 500;
/** Those that take part in a request. */
const CONCERNED = /^(core:user|d1|r2|queues|ratelimit):/;

/** Connects to the isolates of a workerd by the Chrome DevTools protocol. @param url `ws://…/` of its inspector */
export async function connectIsolates(url: string): Promise<Isolate[]> {
  const targets = (await (await fetch(new URL("/json", url.replace(/^ws/, "http")))).json()) as {
    id: string;
  }[];
  const names = targets.map(({ id }) => id).filter((id) => CONCERNED.test(id));
  return Promise.all(names.map((name) => connect(url, name)));
}

async function connect(url: string, name: string): Promise<Isolate> {
  const { send } = await openInspector(new URL(`${url}${name}`));
  await send("Profiler.enable");
  await send("Profiler.setSamplingInterval", { interval: SAMPLING_INTERVAL });
  return {
    name,
    start: async () => void (await send("Profiler.start")),
    stop: async () => withoutGaps((await send("Profiler.stop")) as { profile: CpuProfile }),
  };
}

/**
 * An isolate is sampled only while the thread is in it, and V8 counts the time between two samples to one of them:
 * to the profiles of isolates that share a thread. A sample stands for one interval here.
 */
function withoutGaps({ profile }: { profile: CpuProfile }): CpuProfile {
  const timeDeltas = profile.samples.map(() => SAMPLING_INTERVAL);
  return { ...profile, timeDeltas, endTime: profile.startTime + timeDeltas.length * SAMPLING_INTERVAL };
}
