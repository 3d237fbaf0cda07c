import { z } from "zod";

/**
 * Where a fault strikes decides what an Idempotency-Key remembers of it. `gateway` answers before the request
 * reaches Nylas, so nothing is remembered; `provider` happens inside a request that Nylas has accepted, so a 429
 * is repeated under the same key; `after` lets the request finish, then spoils the answer. A `latency` comes
 * before all of these and beside any of them; a `page` is not an error at all.
 */
export const PHASES = {
  "500": "gateway",
  "502html": "gateway",
  "503": "gateway",
  "504": "gateway",
  "429": "gateway",
  "401": "gateway",
  "401-burst": "gateway",
  "404-once": "gateway",
  reset: "gateway",
  hang: "provider",
  "429-provider": "provider",
  "504-after": "after",
  "reset-after": "after",
  "hang-body": "after",
  "cut-body": "after",
  "slow-body": "after",
  latency: "latency",
  "short-page": "page",
} as const;

export type FaultKind = keyof typeof PHASES;
export type FaultPhase = (typeof PHASES)[FaultKind];

export const FAULT_KINDS = Object.keys(PHASES) as [FaultKind, ...FaultKind[]];

/** How a fault is in detail; milliseconds pass in real time. */
export const tuningSchema = z.object({
  /** Seconds, the `Retry-After` of `429-provider`; default 1. */
  retryAfter: z.int().min(0).exactOptional(),
  /** From and to, the `latency`; default what Nylas needs: 80 to 400 for reading, 500 to 3 000 for a send. */
  latencyMs: z.tuple([z.number().min(0), z.number().min(0)]).exactOptional(),
  /** How long `hang` and `hang-body` hang; default until the faults are cleared, or 90 s where chance struck. */
  hangMs: z.number().min(0).exactOptional(),
  /** The time that `slow-body` takes; default 2 000. */
  slowMs: z.number().min(0).exactOptional(),
});

export const faultSchema = z.object({
  route: z.string().min(1),
  kind: z.enum(FAULT_KINDS),
  times: z.int().min(1).default(1),
  ...tuningSchema.shape,
});

export type Fault = z.infer<typeof faultSchema>;

export interface Faults {
  planned: Fault[];
  hanging: Set<PromiseWithResolvers<void>>;
  /** The messages that were announced and then, once, not found. */
  notFoundOnce: Set<string>;
}
