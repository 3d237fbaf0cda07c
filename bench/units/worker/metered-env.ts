import { observedD1 } from "../../../dev/worker/observed-d1.ts";
import { meter, noteQueued } from "./meter.ts";

const known = new WeakMap<Env, Env>();

/** Wraps the bindings to count billed units. The Worker caches by `env`, so each one is wrapped once. */
export function meteredEnv(env: Env): Env {
  const made = known.get(env);
  if (made) return made;
  const {
    DB,
    EMAIL_SERVICE_DB,
    HUB_DB,
    TELEGRAM_DB,
    HUB_JOBS,
    ATTACHMENTS,
    WEBHOOKS,
    JOBS,
    COMPANY_HUB,
    RATE_WINDOW,
  } = env;
  const wrapped: Env = {
    ...env,
    DB: meteredD1(DB),
    EMAIL_SERVICE_DB: meteredD1(EMAIL_SERVICE_DB),
    HUB_DB: meteredD1(HUB_DB),
    TELEGRAM_DB: meteredD1(TELEGRAM_DB),
    HUB_JOBS: meteredQueue(HUB_JOBS),
    ATTACHMENTS: meteredBucket(ATTACHMENTS),
    WEBHOOKS: meteredQueue(WEBHOOKS),
    JOBS: meteredQueue(JOBS),
    COMPANY_HUB: meteredHubs(COMPANY_HUB),
    RATE_WINDOW: meteredWindows(RATE_WINDOW),
  };
  known.set(env, wrapped);
  return wrapped;
}

/** Failed statements are not counted. */
function meteredD1(db: D1Database): D1Database {
  const counted = {
    prepare: (sql: string) => db.prepare(sql),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await db.batch(statements);
      meter.units.roundTrips += 1 - statements.length;
      return results;
    },
  } as unknown as D1Database;
  return observedD1(counted, ({ rowsRead, rowsWritten }) => {
    meter.units.rowsRead += rowsRead;
    meter.units.rowsWritten += rowsWritten;
    meter.units.statements++;
    meter.units.roundTrips++;
  });
}

/** Wraps an object and reports the name of each called method. */
function spied<Target extends object>(target: Target, note: (method: string) => void): Target {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        note(String(name));
        // On a method of an RPC stub, `.apply` would be another remote method.
        return Reflect.apply(member, target, args);
      };
    },
  });
}

const CLASS_A = ["put", "list", "createMultipartUpload", "uploadPart", "complete"];
const CLASS_B = ["get", "head"];

function noteR2(method: string): void {
  if (CLASS_A.includes(method)) meter.units.r2A++;
  if (CLASS_B.includes(method)) meter.units.r2B++;
}

function meteredBucket(bucket: R2Bucket): R2Bucket {
  const createMultipartUpload: R2Bucket["createMultipartUpload"] = async (...args) => {
    noteR2("createMultipartUpload");
    return spied(await bucket.createMultipartUpload(...args), noteR2);
  };
  const resumeMultipartUpload: R2Bucket["resumeMultipartUpload"] = (...args) =>
    spied(bucket.resumeMultipartUpload(...args), noteR2);
  const own: Partial<R2Bucket> = { createMultipartUpload, resumeMultipartUpload };
  const rest = spied(bucket, noteR2);
  return new Proxy(rest, { get: (target, name) => Reflect.get(name in own ? own : target, name) });
}

const BLOCK_BYTES = 64_000;
/** Estimated metadata that Cloudflare adds to a message. */
const METADATA_BYTES = 100;

/** Operations to write, read or delete a message once. */
export function operationsOf(body: unknown): number {
  let bytes = METADATA_BYTES;
  const text = JSON.stringify(body, (_name, value) => {
    if (!(value instanceof Uint8Array)) return value;
    bytes += value.byteLength; // as it travels
    return undefined;
  });
  return Math.ceil((bytes + new TextEncoder().encode(text).length) / BLOCK_BYTES);
}

function meteredQueue(queue: Queue): Queue {
  const note = (bodies: unknown[]) => {
    for (const body of bodies) meter.units.queueOps += operationsOf(body);
    noteQueued(bodies.length);
  };
  return {
    send: (body: unknown, options?: QueueSendOptions) => {
      note([body]);
      return queue.send(body, options);
    },
    sendBatch: (messages: MessageSendRequest[], options?: QueueSendBatchOptions) => {
      note(messages.map(({ body }) => body));
      return queue.sendBatch(messages, options);
    },
  } as unknown as Queue;
}

function meteredHubs(hubs: Env["COMPANY_HUB"]): Env["COMPANY_HUB"] {
  const count = () => {
    meter.units.durableRequests++;
  };
  return {
    idFromName: (name: string) => hubs.idFromName(name),
    get: (id: DurableObjectId) => spied(hubs.get(id), count),
  } as unknown as Env["COMPANY_HUB"];
}

/** A call is a request, and writes the row of its window. */
function meteredWindows(windows: Env["RATE_WINDOW"]): Env["RATE_WINDOW"] {
  const count = () => {
    meter.units.durableRequests++;
    meter.units.rowsWritten++;
  };
  return {
    getByName: (name: string) => spied(windows.getByName(name), count),
  } as unknown as Env["RATE_WINDOW"];
}
