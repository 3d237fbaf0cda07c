import { keepLine, type Line, type LineEnd, type Subscriber } from "./line.ts";
import { Place } from "./place.ts";
import type { Failure, StreamEvent, StreamState } from "./types.ts";
import { wait } from "./wait.ts";

// The tabs of a browser share one stream. The holder of a Web Lock, the leader, reads it and passes events on over a
// BroadcastChannel. The lock is freed however a tab ends, and the next tab goes on from its own place.
//
// Messages of a leader may arrive after it has gone, and in each tab at another time. So each tab has a place of its
// own: it skips what it has had, and reads what it lacks from `GET /events`.

/** What tabs tell each other. */
type Message =
  | { hello: true }
  /** @param at the leader's place, before the event if there is one */
  | { at: string | null; state: StreamState; failure?: Failure | undefined; event?: StreamEvent };

/** A page of `GET /events`. */
export interface Page {
  items: StreamEvent[];
  position: string;
  has_more: boolean;
}

/** The name under which the streams of a token are shared: the user and companies. Undefined if they cannot be. */
export function groupOf(url: string, token: string): string | undefined {
  if (typeof document === "undefined" || !navigator.locks || !globalThis.BroadcastChannel) return;
  try {
    const claims = token.split(".")[1]?.replace(/-/g, "+").replace(/_/g, "/") ?? "";
    const { user_id, companies } = JSON.parse(atob(claims));
    return JSON.stringify(["xabar", url, user_id, [...companies].sort()]);
  } catch {
    return;
  }
}

/**
 * Takes part in the stream of a group until the subscriber leaves, or cannot go on as the leader.
 * @param readPage reads the events after a position; may throw
 * @throws DOMException if the page may not use locks
 */
export async function shareLine(
  group: string,
  line: Line,
  { place, deliver, onState }: Subscriber,
  readPage: (since: string) => Promise<Page>,
): Promise<LineEnd> {
  const { signal } = line;
  const channel = new BroadcastChannel(group);
  const tell = (message: Message) => channel.postMessage(message);
  let isLeading = false;
  let [state, failure]: [StreamState, Failure | undefined] = ["connecting", undefined];
  /** While this tab reads what it lacks: the place to reach. Until then it leaves out what the leader tells. */
  let target: Place | null = null;

  const setState = (next: StreamState, why?: Failure) => {
    [state, failure] = [next, why];
    onState(next, why);
    if (isLeading) tell({ at: place.id, state, failure });
  };

  const aim = (at: string) => {
    if (target) return target.reach(at);
    target = new Place(at);
    void catchUp(target);
  };

  const catchUp = async (goal: Place) => {
    const isCurrent = () => target === goal && !signal.aborted;
    for (let pause = 1000; isCurrent() && place.isBehind(goal.id!); ) {
      const reached = goal.id!;
      try {
        const { items, position, has_more } = await readPage(place.id!);
        if (!isCurrent()) return;
        for (const event of items) if (place.take(event)) deliver(event);
        place.reach(position);
        // What is not in the log was for other users.
        if (!has_more) place.reach(reached);
      } catch {
        await wait(pause, signal).catch(() => {});
        pause = Math.min(2 * pause, 30_000);
      }
    }
    if (target === goal) target = null;
  };

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if ("hello" in data) return isLeading ? tell({ at: place.id, state, failure }) : undefined;
    // The leader itself may still hear the former one, whose events it gets from the server.
    if (isLeading || signal.aborted) return;
    const { at, event } = data;
    setState(data.state, data.failure);
    if (event?.type === "resync") target = null;
    else if (at !== null && place.id === null) place.reset(at);
    else if (at !== null && place.isBehind(at)) aim(at);
    if (!event) return;
    if (target && event.id) target.reach(event.id);
    else if (place.take(event)) deliver(event);
  };

  const lead = (): Promise<LineEnd> => {
    isLeading = true;
    target = null;
    setState(state === "live" ? "reconnecting" : state, failure);
    const own = { place, deliver, onState: setState };
    return keepLine(line, own, (at, event) => tell({ at, state, failure, event }));
  };

  try {
    tell({ hello: true });
    return await navigator.locks.request(group, { signal }, lead);
  } catch (error) {
    if (signal.aborted) return { by: "signal" };
    throw error;
  } finally {
    channel.close();
  }
}
