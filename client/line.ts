import { createParser } from "./parser.ts";
import type { Place } from "./place.ts";
import type { TokenSource } from "./request.ts";
import type { Failure, StreamEvent, StreamState } from "./types.ts";
import { retryAfter, wait } from "./wait.ts";

/** Two keepalives: a connection without a byte for this long is dead. In milliseconds. */
const SILENCE_MS = 30_000;
/** Also if the server asks for less. */
const MIN_RETRY_MS = 1000;
/** Backoff stops growing here, unless the server asks for more. */
const MAX_BACKOFF_MS = 30_000;

/** What a stream is read with. */
export interface Line {
  url: string;
  tokenOf: TokenSource;
  signal: AbortSignal;
  /** False if the stream of this token is another one. */
  accepts(token: string): boolean;
}

/** Who the stream is read for. */
export interface Subscriber {
  place: Place;
  deliver(event: StreamEvent): void;
  onState(state: StreamState, failure?: Failure): void;
}

/** Called before an event is delivered. @param at the place before it */
export type Tell = (at: string | null, event: StreamEvent) => void;

/** Why a line ended: the signal, a token that is not accepted, or a 401. */
export type LineEnd = { by: "signal" } | { by: "token"; token: string } | { by: "refusal"; failure: Failure };

/** How one connection ended. */
interface ConnectionEnd {
  failure?: Failure;
  /** Its HTTP status, if that was not 200. */
  status?: number;
  wasLive: boolean;
  /** The server's Retry-After or `retry:`, in milliseconds. */
  retry?: number | undefined;
}

/** Keeps a stream open, over as many connections as it takes. Never throws. */
export async function keepLine(line: Line, subscriber: Subscriber, tell: Tell = () => {}): Promise<LineEnd> {
  const { tokenOf, accepts, signal } = line;
  let [failures, retry] = [0, MIN_RETRY_MS];
  let refused: { token: string; failure: Failure } | undefined;
  while (!signal.aborted) {
    let end: ConnectionEnd;
    try {
      const token = await tokenOf(refused?.token);
      if (refused && (!token || token === refused.token)) return { by: "refusal", failure: refused.failure };
      if (!accepts(token)) return { by: "token", token };
      if (signal.aborted) break;
      end = await connect(line, subscriber, tell, token);
      // The first 401 is no reason to wait. With a new token, the next attempt should succeed.
      const isFirst = refused === undefined;
      refused = end.status === 401 && end.failure ? { token, failure: end.failure } : undefined;
      if (refused && isFirst) continue;
    } catch (error) {
      end = { wasLive: false, failure: { detail: String(error) } };
    }
    if (signal.aborted) break;
    subscriber.onState("reconnecting", end.failure);
    if (end.wasLive) failures = 0;
    retry = Math.max(MIN_RETRY_MS, end.retry ?? retry);
    const backoff = Math.min(retry * 2 ** failures++, MAX_BACKOFF_MS);
    await wait(Math.max(retry, backoff) * (1 + Math.random() / 2), signal).catch(() => {});
  }
  return { by: "signal" };
}

/** Reads one connection until it ends, breaks or falls silent. */
async function connect(
  { url, signal }: Line,
  { place, deliver, onState }: Subscriber,
  tell: Tell,
  token: string,
): Promise<ConnectionEnd> {
  const end: ConnectionEnd = { wasLive: false };
  const ours = new AbortController();
  const abort = () => ours.abort(signal.reason);
  signal.addEventListener("abort", abort);
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => ours.abort(new Error("The connection fell silent")), SILENCE_MS);
  };
  const parse = createParser(
    ({ type, data, id }) => {
      if (ours.signal.aborted) return;
      if (type === "connected") {
        end.wasLive = true;
        if (id) place.reset(id);
        return onState("live");
      }
      const event: StreamEvent = { ...JSON.parse(data), id };
      const at = place.id;
      if (!place.take(event)) return;
      tell(at, event);
      deliver(event);
    },
    (milliseconds) => {
      end.retry = milliseconds;
    },
  );
  try {
    watch();
    const since = place.id === null ? {} : { "last-event-id": place.id };
    const headers = { authorization: `Bearer ${token}`, ...since };
    const response = await fetch(url, { headers, cache: "no-store", signal: ours.signal });
    if (response.status !== 200) return { ...end, ...(await refusalOf(response)) };
    const decoder = new TextDecoder();
    const reader = response.body!.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      watch();
      parse(decoder.decode(part.value, { stream: true }));
    }
  } catch (error) {
    end.failure = { detail: String(error) };
  } finally {
    clearTimeout(watchdog);
    signal.removeEventListener("abort", abort);
    ours.abort();
  }
  return end;
}

async function refusalOf(response: Response): Promise<Partial<ConnectionEnd>> {
  const { status } = response;
  const body: unknown = await response.json().catch(() => null);
  const detail = (body as Failure | null)?.detail ?? `The stream answered ${status}`;
  return { status, failure: { detail }, retry: retryAfter(response) };
}
