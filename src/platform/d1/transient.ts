/** What D1 says when it is not the statement's fault (Cloudflare: D1, "Debug", list of D1_ERROR messages). */
const TRANSIENT =
  /D1 DB (is overloaded|exceeded|reset|storage)|caused object to be reset|Network connection lost|transient issue/i;

/** @returns true for an error of the database that passes by itself: overloaded, restarted, out of reach */
export const isTransient = (error: unknown): boolean =>
  error instanceof Error && (TRANSIENT.test(error.message) || isTransient(error.cause));
