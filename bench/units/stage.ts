import { mkdirSync } from "node:fs";
import { serve } from "../../dev/nylas/server.ts";
import { createNylasSim, type NylasSim, type StoredMessage } from "../../dev/nylas/sim.ts";
import { messageObject } from "../../dev/nylas/store/message-object.ts";
import type { Cleanup } from "../support/cleanup.ts";
import { eventually } from "../support/clock.ts";
import { archiveAllBut, type FilledMailbox, filledId, fillMailbox, readAllBut } from "../support/fill.ts";
import { signNotification } from "../support/notification.ts";
import { signToken } from "../support/tenant.ts";
import { createSecrets, type RunningWorker, type Secrets, startWorker } from "../support/worker.ts";
import { METER_PATH, type MeterReading, ROUTES_PATH } from "./billing.ts";
import { connectProvider, copyMailbox, fillLedgers, joinThreads } from "./surroundings.ts";

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

/** Number of unread messages of the user `reader`, and of those that `archivist` has kept. */
export const UNREAD = 10;
/** Messages of the other companies: the next 40, and the rest. */
const SMALL = 1000;
const TINY = 100;
/** A company with all messages in one thread. */
const TALKATIVE = 300;
/** A company without accounts. */
export const NEW_COMPANY = 301;

/** The companies of each user. Company 1 has the large mailbox. */
const USERS = {
  /** Has no inbox entries. */
  newcomer: [1],
  /** Has read all messages except ten. */
  reader: [1],
  colleague: [1],
  of40: range(1, 40),
  /** Has read all messages except ten in each of 40 companies. */
  regular: range(2, 41),
  of300: range(1, 300),
  talkative: [TALKATIVE],
  founder: [NEW_COMPANY],
  /** Has archived all messages except ten. */
  archivist: [1],
};
export type User = keyof typeof USERS;

/** A Worker with a filled database, and its users. */
export interface Stage {
  worker: RunningWorker;
  secrets: Secrets;
  sim: NylasSim;
  mailbox: FilledMailbox;
  tokens: Record<User, string>;
  /** Database bytes per filled message. */
  bytesPerMessage: number;
  /** Size of responses since the last reset. */
  bytes: number;
  /** Number of events received on streams. */
  events: number;
  stop(): Promise<void>;
}

/** Starts a Worker with one mailbox of this size, and small mailboxes of 299 other companies. */
export async function startStage(
  cleanup: Cleanup,
  { directory, bundle, size }: { directory: string; bundle: string; size: number },
): Promise<Stage> {
  mkdirSync(directory);
  const secrets = createSecrets();
  const sim = createNylasSim({ apiKey: secrets.NYLAS_API_KEY });
  const nylas = await serve(sim, { port: 0 });
  const closeNylas = cleanup.defer(() => nylas.close());
  const nylasUri = `http://127.0.0.1:${nylas.port}`;
  const worker = await startWorker(cleanup, { bundle, directory, secrets, nylasUri });
  const stop = async () => {
    await worker.stop();
    await closeNylas();
  };
  const filled = await fill(worker, sim, size);
  return { worker, secrets, sim, ...filled, tokens: await signTokens(secrets), bytes: 0, events: 0, stop };
}

async function fill(worker: RunningWorker, sim: NylasSim, size: number) {
  const before = await sizeOf(worker);
  const mailbox = await fillMailbox(worker, 1, size);
  const bytesPerMessage = Math.round(((await sizeOf(worker)) - before) / size);
  mailbox.grantId = await connectProvider(worker, sim, mailbox);
  await readAllBut(worker, mailbox, idOf("reader"), UNREAD);
  await archiveAllBut(worker, mailbox, idOf("archivist"), UNREAD);
  await fillLedgers(worker, mailbox);
  await copyMailbox(worker, await fillMailbox(worker, 2, SMALL), 3, 41);
  await copyMailbox(worker, await fillMailbox(worker, 42, TINY), 43, 300);
  for (const company of USERS.regular) {
    const copy = { ...mailbox, company, accountId: filledId("account", company), messages: SMALL };
    await readAllBut(worker, copy, idOf("regular"), UNREAD);
  }
  await joinThreads(worker, TALKATIVE);
  return { mailbox, bytesPerMessage };
}

/** Size of the database in bytes. */
async function sizeOf({ db }: RunningWorker): Promise<number> {
  return (await db.prepare("SELECT 1").run()).meta.size_after ?? 0;
}

/** The id of a user in tokens and rows. */
export const idOf = (user: User): number => Object.keys(USERS).indexOf(user) + 1;

async function signTokens(secrets: Secrets): Promise<Record<User, string>> {
  const signed = Object.entries(USERS).map(async ([user, companies]) => [
    user,
    await signToken(secrets, idOf(user as User), ...companies),
  ]);
  return Object.fromEntries(await Promise.all(signed));
}

/**
 * Calls the Worker as a user, and counts the bytes of the response.
 * @param target a path, or a whole URL of the Worker
 * @param body a form, or a value to send as JSON
 * @returns the response as JSON, or as text
 * @throws Error for an error response
 */
// biome-ignore lint/suspicious/noExplicitAny: each caller knows what it has asked for
export async function call<T = any>(
  stage: Stage,
  user: User | null,
  method: string,
  target: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const isForm = body instanceof FormData;
  const response = await fetch(new URL(target, stage.worker.url), {
    method,
    headers: {
      ...(user ? { authorization: `Bearer ${stage.tokens[user]}` } : {}),
      ...(body === undefined || isForm ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  });
  const bytes = await response.arrayBuffer();
  stage.bytes += bytes.byteLength;
  const text = new TextDecoder().decode(bytes);
  if (!response.ok) throw new Error(`${method} ${target}: ${response.status} ${text.slice(0, 500)}`);
  return response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : (text as T);
}

/** Posts a signed notification for the large mailbox. */
export async function notify(stage: Stage, type: string, object: object, id: string): Promise<void> {
  const { headers, body } = signNotification(stage.secrets, type, object, id);
  const response = await fetch(`${stage.worker.url}/webhooks/nylas`, { method: "POST", headers, body });
  stage.bytes += (await response.arrayBuffer()).byteLength;
  if (!response.ok) throw new Error(`The notification was refused: ${response.status}`);
}

/** The object of a notification, for an application with basic headers selected. */
export const toObject = (message: StoredMessage) => messageObject(message, "include_basic_headers");

/** What runs the metered Worker: see worker/index.ts. */
type Metered = Pick<Stage, "worker">;

const control = async ({ worker }: Metered, method: string): Promise<MeterReading> =>
  (await fetch(`${worker.url}${METER_PATH}`, { method })).json() as Promise<MeterReading>;

/** Waits until the Worker is idle. @returns the units since the last reset */
export const settled = (stage: Metered): Promise<MeterReading> =>
  eventually("The Worker comes to rest", async () => {
    const reading = await control(stage, "GET");
    return reading.isIdle ? reading : undefined;
  });

/** Resets the meter, and the size of responses. */
export async function reset(stage: Metered & { bytes?: number }): Promise<void> {
  await control(stage, "DELETE");
  stage.bytes = 0;
}

/** Runs cron once. */
export const runCron = (stage: Stage): Promise<MeterReading> => control(stage, "POST");

/** The routes of the Worker, as `METHOD /path/:of`. */
export const routesOf = async ({ worker }: Stage): Promise<string[]> =>
  (await fetch(`${worker.url}${ROUTES_PATH}`)).json() as Promise<string[]>;
