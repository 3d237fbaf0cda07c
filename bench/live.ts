import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { serve } from "../dev/nylas/server.ts";
import { createNylasSim } from "../dev/nylas/sim.ts";
import { type Broadcaster, type FanOut, measureFanOut, PUBLISHED } from "./live/fan-out.ts";
import { measureIntake } from "./live/intake.ts";
import { findNchan, NO_NCHAN, startNchan } from "./live/nchan.ts";
import { type IntakeRow, renderFanOut, renderIntake } from "./live/report.ts";
import { type Cleanup, cleaningUp } from "./support/cleanup.ts";
import { requireOpenFiles } from "./support/processes.ts";
import { createTenant, signToken, streamUrl, type Tenant } from "./support/tenant.ts";
import {
  type BatchSetting,
  bundleLocalWorker,
  createSecrets,
  startWorker,
  webhookBatching,
} from "./support/worker.ts";

interface Options {
  streams: number;
  events: number;
  /** Events per second. */
  rate: number;
  /** Seconds without an event. */
  idle: number;
  mails: number;
  /** File for the results as JSON. */
  json: string | undefined;
}

const BURST = 20;

const SETTINGS: [maxBatchSize: number, maxBatchTimeout: number][] = [
  [1, 0],
  [10, 0],
  [100, 0],
  [10, 1],
];

/**
 * `live`: measures the delivery of events to many streams, compared with nginx and Nchan, and the time from a
 * notification to its event.
 * @returns 0, or 1 if a delivery or a message was lost
 */
export async function run(args: string[]): Promise<number> {
  const options = readOptions(args);
  // One process needs a socket for each stream, and some more.
  requireOpenFiles(options.streams + 500);
  const { fanOuts, intakes } = await cleaningUp((cleanup, directory) => measure(cleanup, directory, options));
  console.log(`
${options.streams} streams, ${options.events} events at ${options.rate} a second, then ${options.idle} s of silence; ${cpus().length} cores.
The time of a delivery runs from just before the request that causes the event until a client has read it. All clients
share one process, so its queueing is included. CPU and RSS of the Worker are those of workerd, which also simulates
D1, R2 and the queues, and handles the request that causes the event. The rate limit counts in memory.

${renderFanOut(fanOuts)}

Intake: time from the 200 of a notification to message.created on a stream, in ms. A burst keeps ${BURST} notifications in
progress. "Per message" is the time from the first POST to the last event, divided by the messages. A local queue delivers
batches one by one, Cloudflare several at a time. CPU of other processes, in % of a core, distorts the times.

${renderIntake(intakes)}
`);
  if (options.json)
    writeFileSync(options.json, `${JSON.stringify({ options, fanOuts, intakes }, null, 2)}\n`);
  return reportLosses(fanOuts, intakes);
}

function reportLosses(fanOuts: FanOut[], intakes: IntakeRow[]): number {
  const losses = [
    ...fanOuts.flatMap(({ name, expected, delivered, uneven }) =>
      uneven
        ? [`${name}: ${delivered} of ${expected} deliveries; ${uneven} streams lost or repeated events`]
        : [],
    ),
    ...intakes.flatMap(({ single, burst, maxBatchSize, maxBatchTimeout }) =>
      [single, burst].flatMap(({ expected, arrived }) =>
        arrived === expected
          ? []
          : [
              `Intake at ${maxBatchSize} / ${maxBatchTimeout}: ${arrived} of ${expected} messages became events`,
            ],
      ),
    ),
  ];
  for (const loss of losses) console.error(loss);
  return losses.length ? 1 : 0;
}

async function measure(cleanup: Cleanup, directory: string, options: Options) {
  console.error("Bundling the Worker …");
  const bundle = await bundleLocalWorker(join(directory, "bundle"));
  const start = createStarter(cleanup, directory, bundle);
  const fanOuts = await measureFanOuts(cleanup, directory, options, start);
  const intakes: IntakeRow[] = [];
  for (const [maxBatchSize, maxBatchTimeout] of SETTINGS)
    intakes.push(await measureSetting(start, options, { maxBatchSize, maxBatchTimeout }, true));
  intakes.push(await measureSetting(start, options, webhookBatching(), false));
  return { fanOuts, intakes };
}

type Start = ReturnType<typeof createStarter>;

/** Starts a Worker with a stand-in for the provider and a connected mailbox. */
function createStarter(cleanup: Cleanup, directory: string, bundle: string) {
  let started = 0;
  return async (webhooks?: BatchSetting) => {
    const secrets = createSecrets();
    const sim = createNylasSim({ apiKey: secrets.NYLAS_API_KEY });
    const nylas = await serve(sim, { port: 0 });
    const closeNylas = cleanup.defer(() => nylas.close());
    const state = join(directory, `state-${started++}`);
    mkdirSync(state);
    const worker = await startWorker(cleanup, {
      ...{ bundle, directory: state, secrets },
      nylasUri: `http://127.0.0.1:${nylas.port}`,
      ...(webhooks ? { webhooks } : {}),
    });
    const tenant = await createTenant(worker, secrets, sim);
    const stop = async () => {
      await worker.stop();
      await closeNylas();
    };
    return { secrets, sim, worker, tenant, stop };
  };
}

async function measureFanOuts(cleanup: Cleanup, directory: string, options: Options, start: Start) {
  const { streams, events, rate, idle: idleSeconds } = options;
  const phase = { events, rate, idleSeconds };
  console.error(`The Worker: ${streams} streams, ${events} events …`);
  const started = await start();
  const results = [await measureFanOut(cleanup, await workerBroadcaster(started, streams), phase)];
  await started.stop();
  const module = findNchan();
  if (!module) {
    console.error(NO_NCHAN);
    return results;
  }
  console.error(`nginx + Nchan: ${streams} streams, ${events} events …`);
  const nchan = await startNchan(cleanup, {
    ...{ module, directory, streams },
    payload: JSON.stringify(payloadFor(started.tenant)),
  });
  results.push(await measureFanOut(cleanup, nchan, phase));
  return results;
}

type Started = Awaited<ReturnType<Start>>;

async function workerBroadcaster(
  { worker, secrets, tenant }: Started,
  streams: number,
): Promise<Broadcaster> {
  const tokens = await Promise.all(
    Array.from({ length: streams }, (_, nth) => signToken(secrets, 1000 + nth, tenant.company)),
  );
  let isProtected = false;
  return {
    name: "Xabar",
    urls: tokens.map((token) => streamUrl(worker, token)),
    greeting: "connected",
    pids: () => [worker.pid],
    publish: async () => {
      isProtected = !isProtected;
      await tenant.call("PATCH", `/threads/${tenant.threadId}`, { do_not_delete: isProtected });
    },
  };
}

/** The payload of the event of the Worker. */
const payloadFor = ({ threadId, company }: Tenant) => ({
  type: PUBLISHED,
  thread_id: threadId,
  message_id: null,
  company_id: company,
});

async function measureSetting(
  start: Start,
  { mails }: Options,
  setting: BatchSetting,
  hasHeaders: boolean,
): Promise<IntakeRow> {
  const { maxBatchSize, maxBatchTimeout } = setting;
  console.error(`Intake: batches of ${maxBatchSize}, waiting ${maxBatchTimeout} s …`);
  const { stop, ...started } = await start(setting);
  const single = await measureIntake({ ...started, mails, hasHeaders, concurrency: 1 });
  const burst = await measureIntake({ ...started, mails, hasHeaders, concurrency: BURST });
  await stop();
  return { ...setting, hasHeaders, single, burst };
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      streams: { type: "string", default: "2000" },
      events: { type: "string", default: "200" },
      rate: { type: "string", default: "2" },
      idle: { type: "string", default: "20" },
      mails: { type: "string", default: "100" },
      json: { type: "string" },
    },
  });
  const number = (name: "streams" | "events" | "rate" | "idle" | "mails") => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} must be more than 0, not "${values[name]}"`);
    return name === "rate" ? value : Math.ceil(value);
  };
  return {
    streams: number("streams"),
    events: number("events"),
    rate: number("rate"),
    idle: number("idle"),
    mails: number("mails"),
    json: values.json,
  };
}
