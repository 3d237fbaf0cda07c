import { z } from "zod";
import type { FaultKind } from "./fault-kinds.ts";
import { FAULT_KINDS, tuningSchema } from "./fault-kinds.ts";
import type { RandomState } from "./ids.ts";
import { random } from "./ids.ts";

/** What can go wrong with a notification. */
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
  /** How far apart `reorder` and `updatedBeforeCreated` may bring two notifications; default 30. */
  reorderSeconds: seconds.exactOptional(),
  /** `delay` takes between half of this and all of it; default 600. */
  delaySeconds: seconds.exactOptional(),
});

const routeChaos = z.strictObject({ ...probabilities(FAULT_KINDS), ...tuningSchema.shape });

/** A part of the settings; what it does not name stays as it is. */
export const chaosUpdate = z.strictObject({
  webhooks: webhookChaos.exactOptional(),
  /** By route, as a fault names it. */
  api: z.record(z.string().min(1), routeChaos).exactOptional(),
  /** The share of messages in the API's own answers of which one field is ill-typed. */
  mistyped: probability.exactOptional(),
});

export type ChaosUpdate = z.input<typeof chaosUpdate>;

export interface ChaosSettings {
  webhooks: z.infer<typeof webhookChaos> & { reorderSeconds: number; delaySeconds: number };
  api: Record<string, z.infer<typeof routeChaos>>;
  mistyped: number;
}

/** How often each kind has struck, forced or by chance. */
export interface ChaosCounts {
  webhooks: Partial<Record<WebhookChaosKind, number>>;
  api: Partial<Record<FaultKind, number>>;
}

export interface Chaos {
  settings: ChaosSettings;
  /** How many of the next notifications that a kind can strike it strikes for certain. */
  forced: Partial<Record<WebhookChaosKind, number>>;
  counts: ChaosCounts;
}

/** No chaos at all. */
export function calm(): Chaos {
  return { settings: calmSettings(), forced: {}, counts: { webhooks: {}, api: {} } };
}

/** Settings under which nothing happens. */
export function calmSettings(): ChaosSettings {
  return {
    webhooks: { reorderSeconds: 30, delaySeconds: 600 },
    api: {},
    mistyped: 0,
  };
}

/** The settings with an update on top, kind by kind, for the API also route by route. */
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

/** Whether something of this probability happens. Nothing is drawn for what cannot, so no id changes for it. */
export function happens(state: RandomState, probability = 0): boolean {
  return probability > 0 && random(state) < probability;
}

/** Whether a kind strikes this notification, because it was forced to or by chance; if so, it is counted. */
export function strikes(chaos: Chaos, state: RandomState, kind: WebhookChaosKind): boolean {
  const forced = chaos.forced[kind] ?? 0;
  if (forced > 0) chaos.forced[kind] = forced - 1;
  else if (!happens(state, chaos.settings.webhooks[kind])) return false;
  countStrike(chaos.counts.webhooks, kind);
  return true;
}

/** One more of a kind. */
export function countStrike<K extends string>(counts: Partial<Record<K, number>>, kind: K): void {
  counts[kind] = (counts[kind] ?? 0) + 1;
}

function probabilities<K extends string>(kinds: readonly K[]) {
  const fields = kinds.map((kind) => [kind, probability.exactOptional()]);
  return Object.fromEntries(fields) as Record<K, z.ZodExactOptional<typeof probability>>;
}
