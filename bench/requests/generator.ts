import { setTimeout as sleep } from "node:timers/promises";
import { Client, type Dispatcher } from "undici";
import { watchBystanders } from "../support/bystanders.ts";
import { now } from "../support/clock.ts";
import { usageOf } from "../support/processes.ts";
import { distributionOf } from "../support/statistics.ts";
import type { Lane, Load, Measured, Reply, Request } from "./load.ts";

// The load generator: a closed loop, in which each connection waits for a response before its next request.

process.on("message", (load: Load) => {
  run(load).then(
    (measured) => tell({ measured }),
    (error: unknown) => tell({ error: String(error) }),
  );
});
// The bench has ended.
process.on("disconnect", () => process.exit());

const tell = (reply: Reply) => void process.send?.(reply);

/** Maximum length of a shown error response. */
const SHOWN = 300;

/** Counts so far. `latencies` and `bytes` only include responses of the measured time. */
interface Tally {
  isMeasuring: boolean;
  isOver: boolean;
  latencies: number[];
  bytes: number;
  answered: number;
  failures: number;
  failure: string | null;
}

async function run(load: Load): Promise<Measured> {
  const tally: Tally = {
    ...{ isMeasuring: false, isOver: false, latencies: [], bytes: 0 },
    ...{ answered: 0, failures: 0, failure: null },
  };
  const sources = load.lanes.map((lane) => ({ url: lane.url, next: createSource(lane, load.once, tally) }));
  const clients = Array.from({ length: load.concurrency }, (_, nth) => {
    const { url, next } = sources[nth % sources.length]!;
    return { client: new Client(url, { pipelining: 1 }), next };
  });
  const loops = Promise.all(clients.map(({ client, next }) => loop(client, next, tally)));
  await Promise.race([sleep(load.warmUpSeconds * 1000), loops]);
  const stop = startClock(load.pids);
  tally.isMeasuring = true;
  await Promise.race([sleep(load.seconds * 1000), loops]);
  tally.isMeasuring = false;
  const spent = stop();
  tally.isOver = true;
  await loops;
  await Promise.all(clients.map(({ client }) => client.close()));
  const { latencies, bytes, answered, failures, failure } = tally;
  return {
    ...spent,
    ...{ answers: latencies.length, answered, failures, failure },
    latency: distributionOf(latencies),
    bytes: bytes / latencies.length,
  };
}

/** @returns a function that returns the CPU since then; the bench itself is not a bystander */
function startClock(pids: number[]) {
  const start = now();
  const cpu = usageOf(pids).cpu;
  const own = process.cpuUsage();
  const bystanders = watchBystanders(() => [...pids, process.ppid]);
  return () => {
    const { user, system } = process.cpuUsage(own);
    return {
      seconds: (now() - start) / 1000,
      cpu: usageOf(pids).cpu - cpu,
      generatorCpu: (user + system) / 1e6,
      bystandersCpuShare: bystanders(),
    };
  };
}

/** @returns a function that returns the next request, or undefined at the end */
function createSource({ requests }: Lane, once: boolean, tally: Tally): () => Request | undefined {
  let at = 0;
  return () => {
    if (tally.isOver || (once && at >= requests.length)) return undefined;
    return requests[at++ % requests.length];
  };
}

async function loop(client: Client, next: () => Request | undefined, tally: Tally): Promise<void> {
  for (let request = next(); request; request = next()) await exchange(client, request, tally);
}

/** Uses the lowest API of undici, since its upper layers cost more than the exchange itself. */
function exchange(client: Client, { method, path, headers, body }: Request, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const sentAt = now();
    let status = 0;
    let bytes = 0;
    let text = "";
    const fail = (failure: string) => {
      tally.failures++;
      tally.failure ??= `${method} ${path}: ${failure}`;
      resolve();
    };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length;
        if (status >= 300 && text.length < SHOWN) text += chunk;
      },
      onResponseEnd() {
        if (status < 200 || status >= 300) return fail(`${status} ${text.slice(0, SHOWN)}`);
        tally.answered++;
        if (tally.isMeasuring) {
          tally.latencies.push(now() - sentAt);
          tally.bytes += bytes;
        }
        resolve();
      },
      onResponseError(_controller, error) {
        fail(String(error));
      },
    };
    client.dispatch({ method, path, headers, ...(body ? { body } : {}) }, handler);
  });
}
