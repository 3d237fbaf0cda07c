/** D1's messages for errors that the statement did not cause (Cloudflare: D1, "Debug", list of D1_ERROR messages). */
const TRANSIENT =
  /D1 DB (is overloaded|exceeded|reset|storage)|caused object to be reset|Network connection lost|transient issue/i;

/**
 * True for a temporary error of the database: overloaded, restarting or unreachable. The runtime marks such errors of a
 * Durable Object (Cloudflare: Durable Objects, "Error handling").
 */
export const isTransient = (error: unknown): boolean =>
  error instanceof Error &&
  (TRANSIENT.test(error.message) ||
    isMarked(error, "retryable") ||
    isMarked(error, "overloaded") ||
    isTransient(error.cause));

const isMarked = (error: Error, mark: string): boolean => Reflect.get(error, mark) === true;
