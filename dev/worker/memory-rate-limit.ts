/** A limit as in wrangler.toml. */
export interface Limit {
  limit: number;
  /** Seconds. */
  period: number;
}

/**
 * Counts requests in memory, in windows of the clock as miniflare's binding does. That one costs as much as a whole
 * request, since it counts in a database. Never use this on Cloudflare: each isolate would count by itself.
 */
export class MemoryRateLimit implements RateLimit {
  readonly #limit: number;
  readonly #milliseconds: number;
  readonly #counts = new Map<string, number>();
  #window = 0;

  constructor({ limit, period }: Limit) {
    this.#limit = limit;
    this.#milliseconds = period * 1000;
  }

  /** Counts a request. @returns `success: false` if its key is over the limit */
  async limit({ key }: RateLimitOptions): Promise<RateLimitOutcome> {
    const window = Math.floor(Date.now() / this.#milliseconds);
    if (window !== this.#window) this.#counts.clear();
    this.#window = window;
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.#limit) return { success: false };
    this.#counts.set(key, count + 1);
    return { success: true };
  }
}
