import { openInspector } from "../support/inspector.ts";

/** A function in V8 notation; line and column are 0-based. */
export interface CallFrame {
  functionName: string;
  url: string;
  lineNumber: number;
  columnNumber: number;
}

/** A .cpuprofile, as V8 writes it and developer tools read it. */
export interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[];
  /** Node id of each sample. */
  samples: number[];
  /** Microseconds between samples. */
  timeDeltas: number[];
  startTime: number;
  endTime: number;
}

/** An isolate to profile: our Worker, or one that simulates D1, R2 and so on. */
export interface Isolate {
  name: string;
  start(): Promise<void>;
  stop(): Promise<CpuProfile>;
}

/** Microseconds. */
const SAMPLING_INTERVAL = 500;
/** The isolates that take part in a request. */
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
 * V8 samples an isolate only while the thread runs it, so the time deltas include time of other isolates. Count one
 * interval per sample instead.
 */
function withoutGaps({ profile }: { profile: CpuProfile }): CpuProfile {
  const timeDeltas = profile.samples.map(() => SAMPLING_INTERVAL);
  return { ...profile, timeDeltas, endTime: profile.startTime + timeDeltas.length * SAMPLING_INTERVAL };
}
