import { z } from "zod";
import type { FaultKind } from "./fault-kinds.ts";
import { FAULT_KINDS, tuningSchema } from "./fault-kinds.ts";
import type { RandomState } from "./ids.ts";
import { random } from "./ids.ts";

/** The faults that can strike a notification. */
export const WEBHOOK_CHAOS = [
  "duplicate",
  "duplicateNewId",
  "reorder",
  "delay",
  "drop",
  "updatedBeforeCreated",
  "unknownField",
  "unknownTrigger",
  "missingFields",
  "metadata",
  "transformed",
  "cleaned",
  "mistyped",
  "badSignature",
] as const;

export type WebhookChaosKind = (typeof WEBHOOK_CHAOS)[number];

const probability = z.number().min(0).max(1);
const seconds = z.number().min(0);

const webhookChaos = z.strictObject({
  ...probabilities(WEBHOOK_CHAOS),
  /** The longest extra delay of `reorder` and `updatedBeforeCreated`. Default: 30. */
  reorderSeconds: seconds.exactOptional(),
  /** `delay` waits between half of this and all of it. Default: 600. */
  delaySeconds: seconds.exactOptional(),
});

const routeChaos = z.strictObject({ ...probabilities(FAULT_KINDS), ...tuningSchema.shape });

/** A partial update: settings that it leaves out stay as they are. */
export const chaosUpdate = z.strictObject({
  webhooks: webhookChaos.exactOptional(),
  /** Keyed by route, written as in a fault. */
  api: z.record(z.string().min(1), routeChaos).exactOptional(),
  /** The share of messages in API responses that get one field of the wrong type. */
  mistyped: probability.exactOptional(),
});

export type ChaosUpdate = z.input<typeof chaosUpdate>;

export interface ChaosSettings {
  webhooks: z.infer<typeof webhookChaos> & { reorderSeconds: number; delaySeconds: number };
  api: Record<string, z.infer<typeof routeChaos>>;
  mistyped: number;
}

/** How often each kind has struck, forced or at random. */
export interface ChaosCounts {
  webhooks: Partial<Record<WebhookChaosKind, number>>;
  api: Partial<Record<FaultKind, number>>;
}

export interface Chaos {
  settings: ChaosSettings;
  /** For each kind, how many of the next eligible notifications it must strike. */
  forced: Partial<Record<WebhookChaosKind, number>>;
  counts: ChaosCounts;
}

/** The initial state: nothing goes wrong. */
export function calm(): Chaos {
  return { settings: calmSettings(), forced: {}, counts: { webhooks: {}, api: {} } };
}

/** Settings that switch every fault off. */
export function calmSettings(): ChaosSettings {
  return {
    webhooks: { reorderSeconds: 30, delaySeconds: 600 },
    api: {},
    mistyped: 0,
  };
}

/** Merges an update into the settings: by kind for notifications, by route and kind for the API. */
export function updatedSettings(settings: ChaosSettings, update: ChaosUpdate): ChaosSettings {
  const { webhooks, api = {}, ...rest } = chaosUpdate.parse(update);
  const routes = Object.entries(api).map(([route, kinds]) => [route, { ...settings.api[route], ...kinds }]);
  return {
    ...settings,
    ...rest,
    webhooks: { ...settings.webhooks, ...webhooks },
    api: { ...settings.api, ...Object.fromEntries(routes) },
  };
}

/** Draws whether an event of this probability happens. A zero probability draws nothing, so ids stay the same. */
export function happens(state: RandomState, probability = 0): boolean {
  return probability > 0 && random(state) < probability;
}

/** Decides whether a kind strikes this notification, and counts the strike. */
export function strikes(chaos: Chaos, state: RandomState, kind: WebhookChaosKind): boolean {
  const forced = chaos.forced[kind] ?? 0;
  if (forced > 0) chaos.forced[kind] = forced - 1;
  else if (!happens(state, chaos.settings.webhooks[kind])) return false;
  countStrike(chaos.counts.webhooks, kind);
  return true;
}

/** Adds one to the count of a kind. */
export function countStrike<K extends string>(counts: Partial<Record<K, number>>, kind: K): void {
  counts[kind] = (counts[kind] ?? 0) + 1;
}

function probabilities<K extends string>(kinds: readonly K[]) {
  const fields = kinds.map((kind) => [kind, probability.exactOptional()]);
  return Object.fromEntries(fields) as Record<K, z.ZodExactOptional<typeof probability>>;
}
