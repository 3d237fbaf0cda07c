import type { Chaos } from "../store/chaos-settings.ts";
import { countStrike, happens } from "../store/chaos-settings.ts";
import type { Fault, FaultPhase, Faults } from "../store/fault-kinds.ts";
import { FAULT_KINDS, PHASES, tuningSchema } from "../store/fault-kinds.ts";
import { between } from "../store/ids.ts";
import type { Store } from "../store/store.ts";

/** Nylas: the longest time until a response. */
const HANG = 90_000;
const BURST: [number, number] = [2, 6];
/** Seconds during which a message counts as just announced. */
const JUST_ANNOUNCED = 60;

/** A request, and the state that decides whether a fault strikes it. */
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
 * Whether a fault's route matches a request. A route is an optional "METHOD " and a path, in which `*`, `:name` and
 * `{name}` match one segment. A path that begins with /v3/ must match whole, any other may match a part.
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

/** Takes the fault of these phases that strikes this request: a planned one, else a random one. */
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

/** Plans the remaining 401s of a burst, for the next requests to the same route. */
export function planBurst({ faults, store }: Pick<Exposed, "faults" | "store">, route: string): void {
  faults.planned.push({ route, kind: "401", times: Math.floor(between(store, ...BURST)) });
}

// As at Nylas, a random 404-once strikes only a message that was just announced, and only once.
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
 * Waits for `clearFaults`, or for `ms` if given.
 * @throws the abort reason if the client disconnects, or the reason given to `clearFaults`
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

/** Drops all planned faults. Requests that hang continue, or fail with `reason`. */
export function clearFaults(faults: Faults, reason?: Error): void {
  faults.planned = [];
  for (const hang of faults.hanging) {
    if (reason) hang.reject(reason);
    else hang.resolve();
  }
}
