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
  #version: number;
  #checkedAt = 0;
  #checking: Promise<void> | undefined;

  constructor(room: Room) {
    this.#room = room;
    this.#version = room.storage.kv.get<number>("version") ?? 0;
  }

  /** The newest version of the room that this Object has followed. */
  get version(): number {
    return this.#version;
  }

  /**
   * Follows a change that is committed. After a ring that was lost or overtaken, all are checked.
   * @throws Error when the database fails: then the ring is to be repeated
   */
  async ring({ version, users }: Ring): Promise<void> {
    const isNext = version <= this.#version + 1;
    const concerned = isNext
      ? this.#listeners().filter(([, { user }]) => users.includes(user))
      : this.#listeners();
    if (concerned.length === 0) this.#follow(version);
    else await this.#check(concerned);
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
    try {
      const version = await versionOf(ctx, id);
      if (version === null)
        for (const [socket] of this.#listeners()) sockets.close(socket, CLOSE.notFound, GONE);
      else if (version > this.#version) await this.#check(this.#listeners());
      this.#checkedAt = Date.now();
    } catch {
      // The ring has worked, or the next check does: a failed call alone lets nobody hear more.
      this.#checkedAt = Date.now() - FRESH_MS + AGAIN_MS;
    }
  }

  async #check(concerned: [WebSocket, Listener][]): Promise<void> {
    const { ctx, id, people, sockets } = this.#room;
    let version = Number.POSITIVE_INFINITY;
    for (let from = 0; from < concerned.length; from += STEP) {
      const some = concerned.slice(from, from + STEP);
      const answer = await check(
        ctx,
        id,
        some.map(([, listener]) => listener),
      );
      for (const [socket, { user, session }] of some) {
        const member = answer.members.get(user);
        if (answer.version === null) sockets.close(socket, CLOSE.notFound, GONE);
        else if (!answer.sessions.has(`${user} ${session}`))
          sockets.close(socket, CLOSE.unauthenticated, ENDED);
        else if (!member) sockets.close(socket, CLOSE.forbidden, "You are not a member of this room");
        else people.set(member.card, member.apart);
      }
      version = Math.min(version, answer.version ?? 0);
    }
    this.#follow(version);
  }

  #follow(version: number): void {
    if (version <= this.#version) return;
    this.#version = version;
    this.#room.storage.kv.put("version", version);
  }

  #listeners = (): [WebSocket, Listener][] => [...this.#room.sockets.listeners];
}

const GONE = "The room does not exist";
const ENDED = "The session has ended";
