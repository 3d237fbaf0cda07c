import { keepLine, type Line, type LineEnd, type Subscriber } from "./line.ts";
import { Place } from "./place.ts";
import type { TokenSource } from "./request.ts";
import { groupOf, type Page, shareLine } from "./tabs.ts";
import type { EventsOptions, Failure, StreamState } from "./types.ts";

/** What a stream needs of its client. */
export interface StreamClient {
  baseUrl: string;
  tokenOf: TokenSource;
  send(request: Request): Promise<Response>;
}

/** Opens the stream: see `Client.events`. */
export async function openEvents(
  { baseUrl, tokenOf, send }: StreamClient,
  { onEvent, onState, lastEventId, signal = new AbortController().signal }: EventsOptions,
): Promise<void> {
  let last: string | undefined;
  const setState = (state: StreamState, failure?: Failure) => {
    const next = state + failure?.detail;
    if (next !== last) guarded(() => onState?.(state, failure));
    last = next;
  };
  const subscriber: Subscriber = {
    place: new Place(lastEventId ?? null),
    deliver: (event) => {
      if (!signal.aborted) guarded(() => onEvent(event));
    },
    onState: setState,
  };
  const readPage = async (since: string): Promise<Page> => {
    const url = `${baseUrl}/events?limit=1000&since=${encodeURIComponent(since)}`;
    const response = await send(new Request(url, { signal }));
    if (!response.ok) throw new Error(`The events answered ${response.status}`);
    return response.json();
  };

  setState("connecting");
  let [group, canShare]: [string | undefined, boolean] = [undefined, true];
  const groupFor = (token: string) => (canShare ? groupOf(baseUrl, token) : undefined);
  for (let end: LineEnd; ; ) {
    const line: Line = {
      url: `${baseUrl}/sse/events`,
      tokenOf,
      signal,
      accepts: (token) => groupFor(token) === group,
    };
    try {
      end = await (group ? shareLine(group, line, subscriber, readPage) : keepLine(line, subscriber));
    } catch {
      // A page may have the interfaces and not be allowed to use them.
      canShare = false;
      group = undefined;
      continue;
    }
    if (end.by !== "token") return setState("closed", end.by === "refusal" ? end.failure : undefined);
    group = groupFor(end.token);
  }
}

/** An error of a handler is reported as uncaught, and does not end the stream. */
function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}
