import createFetchClient from "openapi-fetch";
import type { paths } from "./api.d.ts";
import { createFetch } from "./request.ts";
import { openEvents } from "./stream.ts";
import type { Client, ClientOptions } from "./types.ts";

export type * from "./types.ts";

/**
 * Makes a client of Xabar.
 *
 * Each POST carries an `Idempotency-Key`, unless the caller passes one. A request is sent at most three times:
 * - After a 429, and after a 503 or a failed connection unless it is a PATCH, it is sent again with the same key.
 * - Before that the client waits as long as `Retry-After` says, or one and then two seconds without it. A response
 *   that asks for more than 60 seconds is returned instead. `signal` ends the wait.
 * - A token function is asked for another token after a 401, once.
 *
 * A call rejects only if there is no response: with the `TypeError` of `fetch`, the reason of `signal`, or the error
 * of the token function.
 */
export function createClient({ baseUrl, token }: ClientOptions): Client {
  const base = baseUrl.replace(/\/+$/, "");
  const tokenOf = async (refused?: string) => (typeof token === "function" ? token(refused) : token);
  const send = createFetch(tokenOf);
  const { GET, POST, PUT, PATCH, DELETE } = createFetchClient<paths>({ baseUrl: base, fetch: send });
  const events: Client["events"] = (options) => openEvents({ baseUrl: base, tokenOf, send }, options);
  return { GET, POST, PUT, PATCH, DELETE, events };
}
