import type { Ring } from "../contract.ts";
import { CLOSE } from "../contract.ts";
import { versionOf } from "../versions.ts";
import { check } from "./entry.ts";
import type { Listener } from "./sockets.ts";
import type { Room } from "./state.ts";

/** How old the answer may be that a delivery relies on, in milliseconds: a lost ring is made up for after this. */
const FRESH_MS = 30_000;
/** After a check that failed. */
const AGAIN_MS = 1_000;
/** Listeners that are checked in one transaction. */
const STEP = 500;

/** Closes the sockets of those who may not listen any more: when the Worker rings, and at the latest after 30 seconds. */
export class Membership {
  readonly #room: Room;
  /** The version that all listeners were checked for. */
  #version: number;
  /** The newest version that this Object has heard of. */
  #newest: number;
  #checkedAt = 0;
  #checking: Promise<void> | undefined;

  constructor(room: Room) {
    this.#room = room;
    this.#version = room.storage.kv.get<number>("version") ?? 0;
    this.#newest = this.#version;
  }

  /** Who enters needs an answer of the database that is at least of this version. */
  get newest(): number {
    return this.#newest;
  }

  /** Follows a database that was restored from a backup. @param version that it has now */
  rewind(version: number): void {
    this.#newest = version;
    this.#setVersion(version);
  }

  /**
   * Follows a change that is committed. After a ring that was lost or overtaken, all are checked.
   * @throws Error when the database fails: then the ring is to be repeated
   */
  async ring({ version, users }: Ring): Promise<void> {
    const isNext = version <= this.#version + 1;
    await this.#follow(version, isNext ? ([, { user }]) => users.includes(user) : () => true);
  }

  /** Before a delivery: makes sure that the answer of the database is not older than 30 seconds. Never fails. */
  async freshen(): Promise<void> {
    if (Date.now() - this.#checkedAt < FRESH_MS) return;
    this.#checking ??= this.#freshen().finally(() => {
      this.#checking = undefined;
    });
    await this.#checking;
  }

  async #freshen(): Promise<void> {
    const { ctx, id, sockets } = this.#room;
    const askedAt = Date.now();
    try {
      const version = await versionOf(ctx, id);
      if (version === null)
        for (const [socket] of this.#listeners()) sockets.close(socket, CLOSE.notFound, GONE);
      else if (version > this.#version) await this.#follow(version, () => true);
      this.#checkedAt = askedAt;
    } catch {
      // The ring has worked, or the next check does: a failed call alone lets nobody hear more.
      this.#checkedAt = Date.now() - FRESH_MS + AGAIN_MS;
    }
  }

  /** Race: who enters meanwhile is held to the new version at once, and it counts as followed only after the check. */
  async #follow(version: number, concerns: (one: [WebSocket, Listener]) => boolean): Promise<void> {
    this.#newest = Math.max(this.#newest, version);
    const concerned = this.#listeners().filter(concerns);
    for (let from = 0; from < concerned.length; from += STEP)
      await this.#check(concerned.slice(from, from + STEP));
    if (version > this.#version) this.#setVersion(version);
  }

  async #check(some: [WebSocket, Listener][]): Promise<void> {
    const { ctx, id, people, sockets } = this.#room;
    const listeners = some.map(([, listener]) => listener);
    const { version, sessions, members } = await check(ctx, id, listeners);
    for (const [socket, { user, session }] of some) {
      const member = members.get(user);
      if (version === null) sockets.close(socket, CLOSE.notFound, GONE);
      else if (!sessions.has(`${user} ${session}`)) sockets.close(socket, CLOSE.unauthenticated, ENDED);
      else if (!member) sockets.close(socket, CLOSE.forbidden, "You are not a member of this room");
      else people.set(member.card, member.apart);
    }
  }

  #setVersion(version: number): void {
    this.#version = version;
    this.#room.storage.kv.put("version", version);
  }

  #listeners = (): [WebSocket, Listener][] => [...this.#room.sockets.listeners];
}

const GONE = "The room does not exist";
const ENDED = "The session has ended";
