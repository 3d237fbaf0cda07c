import { useEffect, useSyncExternalStore } from "react";
import type { StreamEvent } from "../../client/index.ts";
import { api, take } from "./api.ts";
import { claimsOf, currentToken } from "./session.ts";

// Who else reads or writes in a conversation. Each page announces what its user does there, again and again, because an
// announcement is forgotten after 30 s.

export interface Other {
  user_id: number;
  /** Null for a user whose token has no name. */
  name: string | null;
  state: "viewing" | "composing";
}

type PresenceEvent = Extract<StreamEvent, { type: "presence" }>;

const ANNOUNCE_MS = 20_000;
/** As the API. After this time without an answer, nobody is shown. */
const FORGET_MS = 30_000;

interface Room {
  /** What the parts of this page do there. */
  doings: Set<{ state: Other["state"] }>;
  others: (Other & { heardAt: number })[];
  announced: string;
  timer: ReturnType<typeof setInterval> | undefined;
  listeners: Set<() => void>;
}

const rooms = new Map<string, Room>();
const NOBODY: Other[] = [];

function roomOf(threadId: string): Room {
  const room = rooms.get(threadId);
  if (room) return room;
  const made: Room = {
    doings: new Set(),
    others: [],
    announced: "left",
    timer: undefined,
    listeners: new Set(),
  };
  rooms.set(threadId, made);
  return made;
}

function setOthers(room: Room, others: Room["others"]): void {
  const isSame = JSON.stringify(others.map(keyOf)) === JSON.stringify(room.others.map(keyOf));
  // The list stays the same object for those who show it.
  if (isSame) for (const [nth, { heardAt }] of others.entries()) room.others[nth]!.heardAt = heardAt;
  else room.others = others;
  if (!isSame) for (const listener of room.listeners) listener();
}

const keyOf = ({ user_id, name, state }: Other) => [user_id, name, state];

/** What this page's user does in a conversation. A tab in the background does nothing. */
function doingIn({ doings }: Room): "viewing" | "composing" | "left" {
  if ([...doings].some(({ state }) => state === "composing")) return "composing";
  return doings.size > 0 && document.visibilityState === "visible" ? "viewing" : "left";
}

async function announce(threadId: string, room: Room): Promise<void> {
  const state = doingIn(room);
  if (state === "left" && room.announced === "left") return;
  room.announced = state;
  const params = { path: { thread_id: threadId } };
  const call = api.POST("/threads/{thread_id}/presence", { params, body: { state }, keepalive: true });
  const answer = await take(call).catch(() => null);
  const heardAt = Date.now();
  const known = room.others.filter((other) => heardAt - other.heardAt < FORGET_MS);
  const told: Omit<Other, "name">[] | undefined = answer?.others.filter(
    (other): other is typeof other & { state: Other["state"] } => other.state !== "left",
  );
  const nameOf = (user: object & { user_id: number }) =>
    (user as Partial<Other>).name ?? known.find(({ user_id }) => user_id === user.user_id)?.name ?? null;
  setOthers(
    room,
    told?.map((other) => ({ user_id: other.user_id, name: nameOf(other), state: other.state, heardAt })) ??
      known,
  );
}

function join(threadId: string, state: Other["state"]): () => void {
  const room = roomOf(threadId);
  const doing = { state };
  room.doings.add(doing);
  // In one announcement, when one part of the page takes over from another.
  const change = () =>
    queueMicrotask(() => doingIn(room) !== room.announced && void announce(threadId, room));
  change();
  room.timer ??= setInterval(() => void announce(threadId, room), ANNOUNCE_MS);
  return () => {
    room.doings.delete(doing);
    change();
    if (room.doings.size > 0) return;
    clearInterval(room.timer);
    rooms.delete(threadId);
  };
}

const announceAll = () => {
  for (const [id, room] of rooms) if (doingIn(room) !== room.announced) void announce(id, room);
};

addEventListener("visibilitychange", announceAll);
addEventListener("pagehide", () => {
  for (const { doings } of rooms.values()) doings.clear();
  announceAll();
});

/** Takes a `presence` event of the live feed. */
export function onPresence(event: PresenceEvent): void {
  const { thread_id, user_id, state } = event;
  const room = thread_id === null ? undefined : rooms.get(thread_id);
  if (!room || room.doings.size === 0 || user_id === claimsOf(currentToken() ?? "")?.user_id) return;
  const rest = room.others.filter((other) => other.user_id !== user_id);
  const name =
    (event as Partial<Other>).name ?? room.others.find((other) => other.user_id === user_id)?.name ?? null;
  setOthers(room, state === "left" ? rest : [...rest, { user_id, name, state, heardAt: Date.now() }]);
}

/**
 * Announces that this page's user reads or writes in a conversation, while the component is mounted.
 * @param threadId null for none
 * @returns who else is there
 */
export function usePresence(threadId: string | null, state: Other["state"]): Other[] {
  useEffect(() => (threadId === null ? undefined : join(threadId, state)), [threadId, state]);
  return useSyncExternalStore(
    (listener) => {
      if (threadId === null) return () => {};
      const { listeners } = roomOf(threadId);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => (threadId === null ? NOBODY : roomOf(threadId).others),
  );
}
