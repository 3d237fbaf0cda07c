import { retryAfter, wait } from "./wait.ts";

/** Returns the token. @param refused the one that was refused, to get another */
export type TokenSource = (refused?: string) => Promise<string>;

/** A request is sent at most three times, not counting a repetition with a new token. */
const MAX_ATTEMPTS = 3;
/** A response that asks for a longer wait is returned at once. In milliseconds. */
const MAX_WAIT_MS = 60_000;
const KEY = "idempotency-key";

/**
 * Makes the `fetch` of the client. It adds the token, and an `Idempotency-Key` to each POST, and repeats requests:
 * see `createClient`.
 */
export const createFetch =
  (tokenOf: TokenSource) =>
  async (request: Request): Promise<Response> => {
    const { headers, method, signal } = request;
    if (method === "POST" && !headers.has(KEY)) headers.set(KEY, randomKey());
    let token = await tokenOf();
    let isRenewed = false;
    for (let attempt = 1; ; attempt++) {
      let response: Response | undefined;
      let failure: unknown;
      headers.set("authorization", `Bearer ${token}`);
      try {
        response = await fetch(request.clone());
      } catch (error) {
        failure = error;
      }
      if (response?.status === 401 && !isRenewed) {
        isRenewed = true;
        const renewed = await tokenOf(token);
        if (renewed && renewed !== token) {
          token = renewed;
          attempt--;
          continue;
        }
      }
      const pause = (response && retryAfter(response)) ?? 1000 * attempt;
      const isFinal = attempt === MAX_ATTEMPTS || pause > MAX_WAIT_MS || signal.aborted;
      if (isFinal || !canRepeat(method, response?.status)) {
        if (response) return withDetail(response);
        throw failure;
      }
      await response?.body?.cancel();
      await wait(pause, signal);
    }
  };

/**
 * Whether to send a request again. A 429 was not carried out. After a 503 or a failed connection it may have been. The
 * server then recognises a POST by its key, but a PATCH that toggles a star would undo itself.
 */
const canRepeat = (method: string, status: number | undefined): boolean =>
  status === 429 || ((status === undefined || status === 503) && method !== "PATCH");

/** 32 hex digits. `crypto.randomUUID` is missing in pages without https. */
const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );

/** Gives an error of a proxy, which is no JSON, the shape of the API's errors. */
function withDetail(response: Response): Response {
  const { ok, status, statusText, headers } = response;
  if (ok || headers.get("content-type")?.includes("json")) return response;
  return Response.json(
    { detail: `${status} ${statusText}`.trim() },
    { status, headers: withoutContent(headers) },
  );
}

function withoutContent(headers: Headers): Headers {
  const rest = new Headers(headers);
  for (const name of ["content-type", "content-length", "content-encoding"]) rest.delete(name);
  return rest;
}
