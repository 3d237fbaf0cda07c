import type { NylasSim, StoredMessage } from "../../dev/nylas/sim.ts";
import { messageObject } from "../../dev/nylas/store/message-object.ts";
import { watchBystanders } from "../support/bystanders.ts";
import { eventually, now } from "../support/clock.ts";
import { signNotification } from "../support/notification.ts";
import { type Distribution, distributionOf } from "../support/statistics.ts";
import { receiveMail, signToken, streamUrl, type Tenant } from "../support/tenant.ts";
import type { RunningWorker, Secrets } from "../support/worker.ts";
import { openEventStream } from "./event-stream.ts";

/** Results of an intake run, in milliseconds. */
export interface Intake {
  /** From the POST to its 200. */
  answer: Distribution;
  /** From the 200 to `message.created` on the stream. */
  event: Distribution;
  /** From the first POST to the last event, per message. */
  msPerMail: number;
  expected: number;
  arrived: number;
  /** CPU of unrelated processes, as a share of a core. */
  bystandersCpuShare: number;
}

export interface IntakeOptions {
  worker: RunningWorker;
  secrets: Secrets;
  sim: NylasSim;
  tenant: Tenant;
  mails: number;
  /** Notifications in progress at a time. 1 waits for each event before the next notification. */
  concurrency: number;
  /** Whether notifications contain the headers. Otherwise the Worker fetches them from the provider. */
  hasHeaders: boolean;
}

const EVENT_TIMEOUT_MS = 30_000;

/** Posts notifications to the Worker and waits for their events on a stream. */
export async function measureIntake(options: IntakeOptions): Promise<Intake> {
  const { worker, secrets, sim, tenant, mails, concurrency } = options;
  const arrivedAt = new Map<string, number>();
  const token = await signToken(secrets, 2, tenant.company);
  const stream = await follow(streamUrl(worker, token), arrivedAt);
  const run = crypto.randomUUID();
  const messages = Array.from({ length: mails }, (_, nth) => receiveMail(sim, tenant.email, `${run} ${nth}`));
  const sent = new Map<string, Sent>();
  const bystanders = watchBystanders(() => [worker.pid]);
  const start = now();
  const waiting = messages.values();
  const postSome = async () => {
    for (const message of waiting) {
      sent.set(message.subject, await post(options, message));
      if (concurrency === 1) await arrivals(arrivedAt, sent.size);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, postSome));
  await arrivals(arrivedAt, mails);
  const bystandersCpuShare = bystanders();
  const lastAt = Math.max(...arrivedAt.values());
  stream.destroy();
  const subjects = await subjectsOf(tenant, [...arrivedAt.keys()]);
  const events = [...arrivedAt].flatMap(([id, at]) => {
    const answeredAt = sent.get(subjects.get(id) ?? "")?.answeredAt;
    return answeredAt === undefined ? [] : [at - answeredAt];
  });
  return {
    answer: distributionOf([...sent.values()].map(({ sentAt, answeredAt }) => answeredAt - sentAt)),
    event: distributionOf(events),
    msPerMail: (lastAt - start) / mails,
    expected: mails,
    arrived: events.length,
    bystandersCpuShare,
  };
}

async function follow(url: string, arrivedAt: Map<string, number>) {
  let isConnected = false;
  const stream = await openEventStream(url, {
    onEvent(name, data, at) {
      if (name === "connected") isConnected = true;
      if (name === "message.created")
        arrivedAt.set((JSON.parse(data) as { message_id: string }).message_id, at);
    },
    onComment: () => {},
    onClose: () => {},
  });
  await eventually("The stream begins", async () => isConnected || undefined);
  return stream;
}

/** Polls for completion. Times are taken when events arrive. */
async function arrivals(arrivedAt: Map<string, number>, count: number): Promise<void> {
  const deadline = now() + EVENT_TIMEOUT_MS;
  while (arrivedAt.size < count && now() < deadline) await new Promise((resolve) => setTimeout(resolve, 1));
}

interface Sent {
  sentAt: number;
  answeredAt: number;
}

async function post({ worker, secrets, hasHeaders }: IntakeOptions, message: StoredMessage): Promise<Sent> {
  const object = messageObject(message, hasHeaders ? "include_basic_headers" : "standard");
  const { headers, body } = signNotification(secrets, "message.created", object);
  const sentAt = now();
  const response = await fetch(`${worker.url}/webhooks/nylas`, { method: "POST", headers, body });
  const answeredAt = now();
  const text = await response.text();
  if (!response.ok) throw new Error(`The notification was refused: ${response.status} ${text}`);
  return { sentAt, answeredAt };
}

/** Events and notifications have different message ids, so match them by subject. */
async function subjectsOf(tenant: Tenant, ids: string[]): Promise<Map<string, string>> {
  const subjects = new Map<string, string>();
  for (const id of ids) {
    const { subject } = (await tenant.call("GET", `/messages/${id}`)) as { subject: string };
    subjects.set(id, subject);
  }
  return subjects;
}
