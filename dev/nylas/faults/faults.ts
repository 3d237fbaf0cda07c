import type { Chaos } from "../store/chaos-settings.ts";
import { countStrike, happens } from "../store/chaos-settings.ts";
import type { Fault, FaultPhase, Faults } from "../store/fault-kinds.ts";
import { FAULT_KINDS, PHASES, tuningSchema } from "../store/fault-kinds.ts";
import { between } from "../store/ids.ts";
import type { Store } from "../store/store.ts";

/** Nylas: so long it may take to answer. */
const HANG = 90_000;
const BURST: [number, number] = [2, 6];
/** Seconds for which a message counts as just announced. */
const JUST_ANNOUNCED = 60;

/** The request that a fault may strike, and what decides whether it does. */
export interface Exposed {
  faults: Faults;
  chaos: Chaos;
  store: Store;
  method: string;
  path: string;
  /** Unix seconds. */
  at: number;
}

/**
 * Whether a fault's route means this request: "METHOD " (optional) and then a path, where `*`, `:name` and
 * `{name}` stand for one segment. A path that starts with /v3/ must be the whole path, any other a part of it.
 */
export function routeMatches(route: string, method: string, path: string): boolean {
  const [, wantedMethod, pattern = ""] = /^(?:([A-Z]+) )?(.*)$/s.exec(route) ?? [];
  if (wantedMethod !== undefined && wantedMethod !== method) return false;
  const source = pattern
    .split(/(\*|:\w+|\{\w+\})/)
    .map((part, index) => (index % 2 ? "[^/]+" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
  return new RegExp(pattern.startsWith("/v3/") ? `^${source}$` : source).test(path);
}

/** The fault of one of these phases that strikes this request, if any: one planned, else one by chance. */
export function takeFault(exposed: Exposed, phases: FaultPhase[]): Fault | undefined {
  const fault = takePlanned(exposed, phases) ?? drawFault(exposed, phases);
  if (fault) countStrike(exposed.chaos.counts.api, fault.kind);
  return fault;
}

function takePlanned({ faults, method, path }: Exposed, phases: FaultPhase[]): Fault | undefined {
  const fault = faults.planned.find(
    ({ route, kind }) => phases.includes(PHASES[kind]) && routeMatches(route, method, path),
  );
  if (!fault) return undefined;
  fault.times -= 1;
  if (fault.times === 0) faults.planned.splice(faults.planned.indexOf(fault), 1);
  return fault;
}

function drawFault(exposed: Exposed, phases: FaultPhase[]): Fault | undefined {
  const { chaos, store, method, path } = exposed;
  for (const [route, settings] of Object.entries(chaos.settings.api)) {
    if (!routeMatches(route, method, path)) continue;
    for (const kind of FAULT_KINDS) {
      if (!phases.includes(PHASES[kind]) || !happens(store, settings[kind])) continue;
      if (kind === "404-once" && !isUnreadNews(exposed)) continue;
      return { route, kind, times: 1, hangMs: HANG, ...tuningSchema.parse(settings) };
    }
  }
  return undefined;
}

/** Plans the further 401s of a burst: of the next few requests to the same route. */
export function planBurst({ faults, store }: Pick<Exposed, "faults" | "store">, route: string): void {
  faults.planned.push({ route, kind: "401", times: Math.floor(between(store, ...BURST)) });
}

// By chance, 404-once is what Nylas does: a message it has just announced is not there yet, and then it is.
function isUnreadNews({ faults, store, method, path, at }: Exposed): boolean {
  const id = /^\/v3\/grants\/[^/]+\/messages\/([^/]+)$/.exec(path)?.[1];
  if (method !== "GET" || id === undefined) return false;
  const messageId = decodeURIComponent(id);
  const isNews = [...store.notifications.values()].some(
    ({ type, time, data }) =>
      type.startsWith("message.") &&
      at - time <= JUST_ANNOUNCED &&
      (data.object as { id?: unknown } | null)?.id === messageId,
  );
  if (!isNews || faults.notFoundOnce.has(messageId)) return false;
  faults.notFoundOnce.add(messageId);
  return true;
}

/**
 * Resolves when `clearFaults` is called, or after `ms` if given; rejects when the client goes away first, or when
 * `clearFaults` says why.
 */
export async function untilReleased(faults: Faults, signal: AbortSignal, ms?: number): Promise<void> {
  signal.throwIfAborted();
  const hang = Promise.withResolvers<void>();
  const timer = ms === undefined ? undefined : setTimeout(hang.resolve, ms);
  const giveUp = () => hang.reject(signal.reason);
  faults.hanging.add(hang);
  signal.addEventListener("abort", giveUp);
  try {
    await hang.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    faults.hanging.delete(hang);
  }
}

/** Forgets every planned fault and lets everything that hangs go on, or fail with `reason`. */
export function clearFaults(faults: Faults, reason?: Error): void {
  faults.planned = [];
  for (const hang of faults.hanging) {
    if (reason) hang.reject(reason);
    else hang.resolve();
  }
}
