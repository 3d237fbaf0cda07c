import { ServiceError } from "../../../lib/errors.ts";
import { log } from "../../../platform/log.ts";
import { readToken } from "../../auth/tokens.ts";
import { CLOSE } from "../contract.ts";
import { redeemTicket } from "../tickets.ts";
import { type Entry, enter, type Refusal } from "./entry.ts";
import type { Membership } from "./membership.ts";
import { findParts, type MissedParts, sendMissed } from "./resume.ts";
import type { Listener, Stranger } from "./sockets.ts";
import type { Room } from "./state.ts";

/** Sockets of one user in one room. */
const MAX_EACH = 10;
/** Tries to follow a room that changes at the same time. */
const TRIES = 5;

const REASONS = {
  [CLOSE.unauthenticated]: "The token is not valid",
  [CLOSE.forbidden]: "You are not a member of this room",
  [CLOSE.notFound]: "The room does not exist",
} as const;

/** What proves who somebody is. */
export interface Proof {
  token: string | null;
  ticket: string | null;
}

/** Lets the owner of a token or a ticket listen, or closes the socket with the reason. Never fails. */
export async function signIn(
  room: Room,
  membership: Membership,
  socket: WebSocket,
  proof: Proof,
): Promise<void> {
  const { sockets } = room;
  const stranger = sockets.stranger(socket);
  if (!stranger) return;
  try {
    const who = await whoHas(room, proof);
    const entered = await enterNow(room, membership, who, stranger);
    if (!sockets.stranger(socket)) return; // closed meanwhile
    if (typeof entered === "number") return sockets.close(socket, entered, REASONS[entered]);
    if (sockets.countOf(who.user) >= MAX_EACH)
      return sockets.close(socket, CLOSE.throttled, `At most ${MAX_EACH} connections of one user`);
    admit(room, socket, { ...who, origin: stranger.origin, from: room.log.seq }, entered, stranger.since);
  } catch (error) {
    if (error instanceof ServiceError && error.code === "unauthenticated")
      return sockets.close(socket, CLOSE.unauthenticated, REASONS[CLOSE.unauthenticated]);
    log("error", "chat.sign_in_failed", { error });
    sockets.close(socket, CLOSE.failed, "Try again later");
  }
}

/** In one turn: what was missed is sent, and from then on the socket hears what happens. Nothing comes twice or never. */
function admit(
  room: Room,
  socket: WebSocket,
  listener: Listener,
  { entry, parts }: Entered,
  since: number | null,
): void {
  const { log, people, sockets } = room;
  people.set(entry.card, entry.apart);
  const hello = { type: "hello", seq: log.seq, room: room.id, user: listener.user };
  sockets.admit(socket, listener);
  sockets.send(socket, JSON.stringify(hello));
  if (since !== null) sendMissed(room, socket, listener, { since, until: log.seq }, parts);
}

interface Entered {
  entry: Entry;
  parts: MissedParts;
}

/** Race: what the database said before a ring came, or a message, does not count after it. */
async function enterNow(
  room: Room,
  membership: Membership,
  who: Pick<Listener, "user" | "session">,
  { since }: Stranger,
): Promise<Entered | Refusal> {
  const gap = () => ({ since: since ?? room.log.seq, until: room.log.seq });
  for (let tries = 0; tries < TRIES; tries++) {
    const parts = await findParts(room, who.user, gap());
    const { forgets } = room;
    const { newest } = membership;
    const entry = await enter(room.ctx, room.id, who);
    if (typeof entry === "number") return entry;
    // What was committed before this answer is in it, unless the database was restored.
    if (entry.version < newest) membership.rewind(entry.version);
    const isNew = entry.version >= membership.newest && forgets === room.forgets;
    if (isNew && parts.areAll(gap())) return { entry, parts };
  }
  throw new Error("The room changes too fast");
}

async function whoHas(
  { ctx }: Room,
  { token, ticket }: Proof,
): Promise<Pick<Listener, "user" | "session" | "expiresAt">> {
  if (ticket !== null) return redeemTicket(ctx, ticket);
  const { userId, sessionId, expiresAt } = await readToken(ctx.config, token ?? "", "access");
  return { user: userId, session: sessionId, expiresAt };
}
