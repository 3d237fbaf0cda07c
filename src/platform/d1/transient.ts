/** D1's messages for errors that the statement did not cause (Cloudflare: D1, "Debug", list of D1_ERROR messages). */
const TRANSIENT =
  /D1 DB (is overloaded|exceeded|reset|storage)|caused object to be reset|Network connection lost|transient issue/i;

/** True for a temporary error of the database: overloaded, restarting or unreachable. */
export const isTransient = (error: unknown): boolean =>
  error instanceof Error && (TRANSIENT.test(error.message) || isTransient(error.cause));
