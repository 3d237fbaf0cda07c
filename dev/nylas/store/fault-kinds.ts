import { z } from "zod";

/**
 * The phase of a fault decides what its Idempotency-Key remembers.
 * - `gateway`: answers before the request reaches Nylas, so the key remembers nothing.
 * - `provider`: strikes after Nylas has accepted the request, so the key replays a 429.
 * - `after`: lets the request finish, then damages the response.
 * - `latency`: delays the request, alone or together with another fault.
 * - `page`: shortens a list; this is not an error.
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

/** Details of a fault. Milliseconds are real time. */
export const tuningSchema = z.object({
  /** `Retry-After` of `429-provider`, in seconds. Default: 1. */
  retryAfter: z.int().min(0).exactOptional(),
  /** Bounds of `latency`. Default: 80 to 400 for a read, 500 to 3,000 for a send, as is typical of Nylas. */
  latencyMs: z.tuple([z.number().min(0), z.number().min(0)]).exactOptional(),
  /** Duration of `hang` and `hang-body`. Default: until faults are cleared, or 90 s for a random fault. */
  hangMs: z.number().min(0).exactOptional(),
  /** Duration of `slow-body`. Default: 2,000. */
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
  /** Ids of messages that a random `404-once` has already struck. */
  notFoundOnce: Set<string>;
}
