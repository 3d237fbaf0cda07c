/** Whether a part works: `degraded` if what it does is late, `down` if it fails. */
export interface Part {
  status: "ok" | "degraded" | "down";
  /** What is wrong, and what to do. */
  detail?: string;
}

/** Parts by name. */
export type Parts = Record<string, Part>;

/** A part that works unless there is something to say. */
export const part = (detail: string | false | undefined, status: Part["status"] = "down"): Part =>
  detail ? { status, detail } : { status: "ok" };

/** Longer than a healthy part takes. */
const PROBE_MS = 3000;

/**
 * Asks a part whether it works.
 * @param ask returns what is wrong, if anything
 * @param failure the part when it throws, or takes more than 3 s
 */
export const probe = (ask: () => Promise<Part>, failure: Part): Promise<Part> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve(failure), PROBE_MS);
    const end = (answer: Part) => {
      clearTimeout(timer);
      resolve(answer);
    };
    ask().then(end, () => end(failure));
  });

const KEPT_MS = 10_000;

const kept = new WeakMap<Env, { until: number; parts: Parts }>();

/** The result of `read`, which is kept for 10 seconds, so that asking often costs nothing. */
export async function keepParts(env: Env, read: () => Promise<Parts>): Promise<Parts> {
  const known = kept.get(env);
  if (known && known.until > Date.now()) return known.parts;
  const parts = await read();
  kept.set(env, { until: Date.now() + KEPT_MS, parts });
  return parts;
}
