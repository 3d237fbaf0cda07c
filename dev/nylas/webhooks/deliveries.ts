import { between } from "../store/ids.ts";
import type { Notification, Webhook } from "../store/store.ts";
import type { DeliveryLogEntry, World } from "../store/world.ts";
import { log, now } from "../store/world.ts";
import { notificationPost, reach } from "./outgoing.ts";
import { countAttempt, isDelivering } from "./state.ts";

const ATTEMPTS = 3;
const RETRIED = [408, 429, 502, 503, 504, 507];
/** In milliseconds after the first attempt, by number of the attempt. Nylas documents only the last. */
const BACKOFF: Record<number, [number, number]> = { 2: [120_000, 240_000], 3: [600_000, 1_200_000] };
/** The most attempts in progress at a time. */
const CONCURRENCY = 64;
const FORGERS_SECRET = "not-the-secret";

interface Outcome {
  verdict: DeliveryLogEntry["verdict"];
  /** Seconds. */
  retryAfter?: number;
}

/**
 * Starts all attempts that are due. If the mount can wait, also waits for them and for those of a concurrent tick.
 * Never starts an attempt twice.
 */
export async function deliverDue(world: World): Promise<void> {
  const awaited = new Set(world.attempting.values());
  for (const notification of dueNotifications(world)) {
    while (world.attempting.size >= CONCURRENCY) {
      if (!world.awaitDeliveries) return;
      await Promise.race(world.attempting.values());
    }
    if (isDue(world, notification)) awaited.add(start(world, notification));
  }
  if (world.awaitDeliveries) await Promise.all(awaited);
}

function dueNotifications(world: World): Notification[] {
  return [...world.store.notifications.values()]
    .filter((notification) => isDue(world, notification))
    .sort((a, b) => a.due_at! - b.due_at!);
}

function isDue(world: World, { id, due_at }: Notification): boolean {
  return due_at !== undefined && due_at <= now(world) && !world.attempting.has(id);
}

function start(world: World, notification: Notification): Promise<void> {
  const attempt = attemptAll(world, notification).finally(() => world.attempting.delete(notification.id));
  world.attempting.set(notification.id, attempt);
  return attempt;
}

async function attemptAll(world: World, notification: Notification): Promise<void> {
  const number = Math.min(notification.attempts + 1, ATTEMPTS);
  notification.attempts = number;
  notification.first_attempt_at ??= now(world);
  const webhooks = notification.webhook_ids
    .map((id) => world.store.webhooks.get(id))
    .filter((webhook) => webhook !== undefined && isDelivering(webhook)) as Webhook[];
  const outcomes = await Promise.all(webhooks.map((webhook) => attemptOne(world, webhook, notification)));

  delete notification.due_at;
  const hasFailed = outcomes.some(({ verdict }) => verdict === "retry");
  if (number < ATTEMPTS && hasFailed) {
    // Nylas: a retry goes to every webhook of the trigger, even to those that have answered 200.
    notification.due_at = retryTime(world, notification, outcomes);
  } else if (notification.is_repeated) {
    delete notification.is_repeated;
    notification.due_at = now(world);
  }
}

function retryTime(world: World, { first_attempt_at, attempts }: Notification, outcomes: Outcome[]): number {
  const asked = outcomes.flatMap(({ retryAfter }) => retryAfter ?? []);
  if (asked.length > 0) return now(world) + Math.max(...asked) * 1000;
  return first_attempt_at! + between(world.store, ...BACKOFF[attempts + 1]!);
}

async function attemptOne(world: World, webhook: Webhook, notification: Notification): Promise<Outcome> {
  const { compressed_delivery: compressed, webhook_url: url } = webhook;
  const { id: notificationId, type, attempts: attempt } = notification;
  const isForged = notification.is_forged && attempt === 1;
  const secret = isForged ? FORGERS_SECRET : webhook.webhook_secret;
  const at = now(world);
  // If a reset replaces the log meanwhile, this attempt must not be in the new one.
  const { deliveries } = world;
  const outcome = (status: number | null, verdict: Outcome["verdict"], error?: string): Outcome => {
    const answer = { status, verdict, ...(error !== undefined && { error }) };
    log(deliveries, { at, notificationId, webhookId: webhook.id, url, type, attempt, ...answer });
    countAttempt(webhook, verdict === "delivered", now(world));
    return { verdict };
  };
  try {
    const post = notificationPost(notification, attempt, { secret, compressed });
    const response = await reach(world, url, post, async (answer) => {
      await answer.body?.cancel();
      return answer;
    });
    if (response.status === 200) return outcome(200, "delivered");
    if (!RETRIED.includes(response.status)) return outcome(response.status, "lost");
    const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
    return {
      ...outcome(response.status, "retry"),
      ...(response.status === 429 && retryAfter >= 0 && { retryAfter }),
    };
  } catch (error) {
    return outcome(null, "retry", String(error));
  }
}
