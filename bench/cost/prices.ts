/** The monthly price of one meter. */
export interface Price {
  /** The line of the bill. */
  name: string;
  /** The unit that is counted. */
  unit: string;
  /** Units included in the plan. */
  included: number;
  /** US dollars for `per` further units. */
  dollars: number;
  per: number;
}

const MILLION = 1e6;
const BILLION = 1e9;

/** Workers Paid, in US dollars a month. */
export const SUBSCRIPTION = 5;

/**
 * Prices of Workers Paid from Cloudflare's documentation of November 2026. Check before you rely on them.
 * - Workers: https://developers.cloudflare.com/workers/platform/pricing/
 * - D1: https://developers.cloudflare.com/d1/platform/pricing/
 * - R2: https://developers.cloudflare.com/r2/pricing/
 * - Queues: https://developers.cloudflare.com/queues/platform/pricing/
 * - Durable Objects: https://developers.cloudflare.com/durable-objects/platform/pricing/
 * - Logs, from December 2026: https://developers.cloudflare.com/observability/pricing/
 */
export const PRICES = {
  requests: price("Workers, requests", "requests", 10 * MILLION, 0.3, MILLION),
  cpuMs: price("Workers, CPU", "ms", 30 * MILLION, 0.02, MILLION),
  rowsRead: price("D1, rows read", "rows", 25 * BILLION, 0.001, MILLION),
  rowsWritten: price("D1, rows written", "rows", 50 * MILLION, 1, MILLION),
  d1Gb: price("D1, storage", "GB", 5, 0.75, 1),
  r2Gb: price("R2, storage", "GB", 10, 0.015, 1),
  r2A: price("R2, class A", "operations", MILLION, 4.5, MILLION),
  r2B: price("R2, class B", "operations", 10 * MILLION, 0.36, MILLION),
  queueOps: price("Queues, operations", "operations", MILLION, 0.4, MILLION),
  durableRequests: price("Durable Objects, requests", "requests", MILLION, 0.15, MILLION),
  durableGbSeconds: price("Durable Objects, duration", "GB-s", 400_000, 12.5, MILLION),
  durableRowsWritten: price("Durable Objects, rows written", "rows", 50 * MILLION, 1, MILLION),
  logGb: price("Logs, written", "GB", 50, 0.25, 1),
  logGbMonths: price("Logs, kept", "GB", 12, 0.1, 1),
} satisfies Record<string, Price>;

/** A line of the bill. */
export type Meter = keyof typeof PRICES;

/** Monthly use by meter. */
export type Usage = Record<Meter, number>;

function price(name: string, unit: string, included: number, dollars: number, per: number): Price {
  return { name, unit, included, dollars, per };
}

/** US dollars a month for an amount of a meter. */
export function costOf(meter: Meter, amount: number): number {
  const { included, dollars, per } = PRICES[meter];
  return (Math.max(0, amount - included) / per) * dollars;
}
