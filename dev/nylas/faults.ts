import { z } from "zod";

/**
 * Where a fault strikes decides what an Idempotency-Key remembers of it. `gateway` answers before the request
 * reaches Nylas, so nothing is remembered; `provider` happens inside a request that Nylas has accepted, so a 429
 * is repeated under the same key; `after` lets the request finish, then spoils the answer.
 */
const PHASES = {
  "500": "gateway",
  "502html": "gateway",
  "503": "gateway",
  "504": "gateway",
  "429": "gateway",
  "401": "gateway",
  "404-once": "gateway",
  hang: "provider",
  "429-provider": "provider",
  "504-after": "after",
  "hang-body": "after",
} as const;

export type FaultKind = keyof typeof PHASES;
export type FaultPhase = (typeof PHASES)[FaultKind];

export const faultSchema = z.object({
  route: z.string().min(1),
  kind: z.enum(Object.keys(PHASES) as [FaultKind, ...FaultKind[]]),
  times: z.int().min(1).default(1),
  /** Seconds, the `Retry-After` of `429-provider`. */
  retryAfter: z.int().min(0).default(1),
});

export type Fault = z.infer<typeof faultSchema>;

export interface Faults {
  planned: Fault[];
  hanging: Set<PromiseWithResolvers<void>>;
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

/** Takes one use of the first planned fault for this request and one of these phases, if there is any. */
export function takeFault(
  faults: Faults,
  method: string,
  path: string,
  phases: FaultPhase[],
): Fault | undefined {
  const fault = faults.planned.find(
    ({ route, kind }) => phases.includes(PHASES[kind]) && routeMatches(route, method, path),
  );
  if (!fault) return undefined;
  fault.times -= 1;
  if (fault.times === 0) faults.planned.splice(faults.planned.indexOf(fault), 1);
  return fault;
}

/** Resolves when `clearFaults` is called; rejects when the client goes away first. */
export async function untilReleased(faults: Faults, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const hang = Promise.withResolvers<void>();
  faults.hanging.add(hang);
  signal.addEventListener("abort", () => hang.reject(signal.reason));
  try {
    await hang.promise;
  } finally {
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
