import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { markDeleted } from "../../src/hub/accounts/deletion.ts";
import { deleteAccount } from "../../src/hub/accounts/erase.ts";
import { prepareReset } from "../../src/hub/auth/resets.ts";
import { startSession } from "../../src/hub/auth/sessions.ts";
import { ringAgain } from "../../src/hub/chat/objects.ts";
import { changeListened, ringRooms } from "../../src/hub/chat/rings.ts";
import type { Ctx } from "../../src/hub/context.ts";
import { sql } from "../../src/platform/d1/sql.ts";
import { type ChatSocket, createRoom, listen, openSocket, say } from "../support/chat.ts";
import { call } from "../support/client.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { meteredHub } from "../support/hub-people.ts";
import { silenceLog } from "../support/log-check.ts";

const BLOCK = "/api/accounts/account/block/";
const UNAUTHENTICATED = 4401;

const run = (query: string, ...values: unknown[]) =>
  hubDb
    .prepare(query)
    .bind(...values)
    .run();

const versionOf = (room: string) =>
  hubDb.prepare("SELECT version FROM hub_rooms WHERE id = ?").bind(room).first<number>("version");

/** Another session of somebody. */
async function again(person: Person): Promise<Person> {
  const { access, refresh } = await startSession(hubContext(), person.id);
  return {
    ...person,
    ...{ token: access, refresh },
    call: (method, path, body, headers) => call(access, method, path, body, headers),
  };
}

const texts = ({ events }: ChatSocket) =>
  events.filter(({ type }) => type === "chat_message").map(({ message }) => message);

/** Two people who listen in a room, one of them by two sessions. */
async function scene(type: "private" | "group" = "group") {
  const [person, other] = [await createPerson(), await createPerson()];
  const room = await createRoom([other, person], type);
  const second = await again(person);
  const [one, two, theirs] = [
    await listen(person, room),
    await listen(second, room),
    await listen(other, room),
  ];
  return { person, second, other, room, one, two, theirs };
}

/** Expects that a socket is closed, and hears nothing of what is said after that. */
async function expectDeaf(socket: ChatSocket, speaker: ChatSocket): Promise<void> {
  expect(await socket.waitForClose()).toBe(UNAUTHENTICATED);
  const before = socket.events.length;
  await say(speaker, "behind your back");
  expect(socket.events.length).toBe(before);
}

describe("a session that ends", () => {
  it("by logout closes its own sockets, and no other", async () => {
    const { person, room, one, two, theirs } = await scene();
    const elsewhere = await listen(person, await createRoom([person]));
    expect((await person.call("POST", "/api/accounts/auth/logout/", {})).status).toBeLessThan(300);
    await expectDeaf(one, theirs);
    expect(await elsewhere.waitForClose()).toBe(UNAUTHENTICATED);
    await two.waitFor("chat_message");
    const refused = await openSocket(room, "", { authorization: `Bearer ${person.token}` });
    expect(await refused.waitForClose()).toBe(UNAUTHENTICATED);
  });

  it("by a refresh token that is used later again closes its sockets", async () => {
    const { person, second, one, two, theirs } = await scene();
    const refresh = (token: string) =>
      call(null, "POST", "/api/accounts/auth/token/refresh/", { refresh: token });
    expect((await refresh(person.refresh)).status).toBe(200);
    expect((await refresh(person.refresh)).status).toBe(200);
    await say(theirs, "still there");
    await one.waitFor("chat_message");
    await run("UPDATE hub_sessions SET refreshed_at = refreshed_at - 31000 WHERE user_id = ?", person.id);
    expect((await refresh(person.refresh)).status).toBe(401);
    await expectDeaf(one, theirs);
    expect((await refresh(second.refresh)).status).toBe(200);
    await two.waitFor("chat_message", ({ message }) => message === "behind your back");
  });

  it("by a new password of another session closes its sockets", async () => {
    const { second, one, two, theirs } = await scene();
    const path = "/api/accounts/account/profile/";
    expect((await second.call("PATCH", path, { password: "another password" })).status).toBe(200);
    await expectDeaf(one, theirs);
    await two.waitFor("chat_message");
  });

  it("by a reset of the password closes all sockets", async () => {
    const { person, one, two, theirs } = await scene();
    const { link, insert } = await prepareReset(meteredHub(person.id).ctx, person.id);
    await hubContext().db.run(insert);
    const { status } = await call(null, "POST", new URL(link).pathname, {
      new_password: "another password",
      confirm_password: "another password",
    });
    expect(status).toBe(200);
    for (const socket of [one, two]) await expectDeaf(socket, theirs);
  });

  it("by the deletion of the account closes all sockets", async () => {
    const { person, one, two, theirs } = await scene();
    const staff = await createPerson({ is_staff: 1 as never });
    expect((await staff.call("DELETE", `/api/accounts/admin/user/${person.id}/`)).status).toBe(204);
    for (const socket of [one, two]) await expectDeaf(socket, theirs);
  });

  it("does not concern rooms where nobody of it listens", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const room = await createRoom([person, other]);
    const before = await versionOf(room);
    await person.call("POST", "/api/accounts/auth/logout/", {});
    expect(await versionOf(room)).toBe(before);
  });
});

describe("a block", () => {
  it.each(["person", "other"] as const)(
    "ends the talk of a private room, whoever blocks: the %s",
    async (by) => {
      const made = await scene("private");
      const { person, other, one, theirs } = made;
      const [blocker, blocked] = by === "person" ? [person, other] : [other, person];
      await say(theirs, "before");
      expect((await blocker.call("POST", BLOCK, { blocked_user: blocked.id })).status).toBe(201);
      for (const socket of [one, theirs]) {
        socket.send({ type: "chat_message", message: "after", client_id: "after" });
        await socket.waitFor("error", ({ client_id }) => client_id === "after");
      }
      expect(texts(one)).toEqual(["before"]);
      expect((await blocker.call("DELETE", `${BLOCK}${blocked.id}/`)).status).toBe(204);
      await say(theirs, "again");
      await one.waitFor("chat_message", ({ message }) => message === "again");
      expect(texts(one)).toEqual(["before", "again"]);
    },
  );

  it("withholds content in a group both ways, at once", async () => {
    const { person, other, room, one, theirs } = await scene();
    const third = await createPerson();
    await run(
      "INSERT INTO hub_room_members (room_id, user_id, rank, joined_at) VALUES (?, ?, 2, 1)",
      ...[room, third.id],
    );
    const heard = await listen(third, room);
    await person.call("POST", BLOCK, { blocked_user: other.id });
    await say(theirs, "of the blocked");
    await say(one, "of the blocker");
    const hidden = { is_hidden: true, message: "", text: "" };
    expect(await one.waitFor("chat_message", ({ sender }) => sender.id === other.id)).toMatchObject(hidden);
    expect(await theirs.waitFor("chat_message", ({ sender }) => sender.id === person.id)).toMatchObject(
      hidden,
    );
    await heard.waitFor("chat_message", ({ message }) => message === "of the blocker");
    expect(texts(heard)).toEqual(["of the blocked", "of the blocker"]);
  });

  it("that is refused changes no room, nor does the end of one that is not there", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const room = await createRoom([person, other], "private");
    const before = await versionOf(room);
    expect((await person.call("DELETE", `${BLOCK}${other.id}/`)).status).toBe(404);
    expect(await versionOf(room)).toBe(before);
    await person.call("POST", BLOCK, { blocked_user: other.id });
    expect(await versionOf(room)).toBe(before! + 1);
    expect((await person.call("POST", BLOCK, { blocked_user: other.id })).status).toBe(400);
    expect(await versionOf(room)).toBe(before! + 1);
    await person.call("DELETE", `${BLOCK}${other.id}/`);
    expect(await versionOf(room)).toBe(before! + 2);
  });

  it("concerns only rooms that both are members of", async () => {
    const [person, other, third] = [await createPerson(), await createPerson(), await createPerson()];
    const rooms = [await createRoom([person, third]), await createRoom([third, other])];
    const before = await Promise.all(rooms.map(versionOf));
    await person.call("POST", BLOCK, { blocked_user: other.id });
    expect(await Promise.all(rooms.map(versionOf))).toEqual(before);
  });
});

/** A context whose rooms may fail to be reached, and whose jobs are kept in a list. */
function heldContext(isReached: boolean): { ctx: Ctx; rung: string[]; jobs: object[] } {
  const [rung, jobs]: [string[], object[]] = [[], []];
  const getByName = (room: string) => ({
    ring: async () => {
      if (!isReached) throw new Error("The room is not reached");
      rung.push(room);
    },
  });
  const HUB_JOBS = {
    send: async (job: object) => void jobs.push(job),
    sendBatch: async (batch: { body: object }[]) => void jobs.push(...batch.map(({ body }) => body)),
  };
  const ctx = hubContext();
  return { ctx: { ...ctx, env: { ...env, CHAT_ROOM: { getByName }, HUB_JOBS } as never }, rung, jobs };
}

describe("rings", () => {
  it("of more than 50 rooms go by jobs", async () => {
    const rooms = Array.from({ length: 270 }, (_, nth) => ({ id: `room ${nth}`, version: 1 }));
    const { ctx, rung, jobs } = heldContext(true);
    await ringRooms(ctx, rooms, [1, 2]);
    expect(rung).toEqual(rooms.slice(0, 50).map(({ id }) => id));
    expect(jobs).toEqual(rooms.slice(50).map(({ id }) => ({ type: "ring-room", room: id, users: [1, 2] })));
  });

  it("that do not arrive are repeated by a job, which closes the sockets", async () => {
    silenceLog();
    const { person, second, room, one, two, theirs } = await scene();
    const { ctx, jobs } = heldContext(false);
    await run("DELETE FROM hub_sessions WHERE user_id = ?", person.id);
    const changed = await ctx.db.all(changeListened(sql`${person.id}`));
    await ringRooms(ctx, changed, [person.id]);
    expect(jobs).toEqual([{ type: "ring-room", room, users: [person.id] }]);
    expect([one.closed, two.closed, second.id]).toEqual([undefined, undefined, person.id]);
    await ringAgain(hubContext(), { room, users: [person.id] });
    for (const socket of [one, two]) await expectDeaf(socket, theirs);
  });

  it("are few reads: those of the rooms where somebody listens", async () => {
    const person = await createPerson();
    await run(
      `INSERT INTO hub_rooms (id, key, room_type, active_at, created_at)
       SELECT 'many' || ?1 || value, ?1 * 1000 + value, 'group', 1, 1 FROM json_each(?2)`,
      ...[person.id, JSON.stringify(Array.from({ length: 300 }, (_, nth) => nth))],
    );
    await run(
      "INSERT INTO hub_room_listeners SELECT ?1, id FROM hub_rooms WHERE id LIKE 'many' || ?1 || '%' LIMIT 2",
      person.id,
    );
    const { ctx, meter } = meteredHub(person.id);
    expect((await ctx.db.all(changeListened(sql`${person.id}`))).length).toBe(2);
    expect(meter.read).toBeLessThan(20);
    expect(meter.written).toBeLessThanOrEqual(2);
  });
});

const ranksOf = async (room: string): Promise<Record<string, number>> => {
  const { results } = await hubDb
    .prepare("SELECT user_id, rank FROM hub_room_members WHERE room_id = ? ORDER BY id")
    .bind(room)
    .all<{ user_id: number; rank: number }>();
  return Object.fromEntries(results.map(({ user_id, rank }) => [user_id, rank]));
};

const roomRow = (room: string) =>
  hubDb
    .prepare("SELECT member_count, deleted_at, username, pair FROM hub_rooms WHERE id = ?")
    .bind(room)
    .first<{
      member_count: number;
      deleted_at: number | null;
      username: string | null;
      pair: string | null;
    }>();

const erase = async (person: Person): Promise<void> => {
  await markDeleted(hubContext(), person.id);
  await deleteAccount(hubContext(), { userId: person.id });
};

describe("an erased account", () => {
  it("leaves its groups to the oldest admin, else to the oldest member", async () => {
    const people = await Promise.all([1, 2, 3, 4].map(() => createPerson()));
    const [owner, a, b, c] = people as [Person, Person, Person, Person];
    const [withAdmin, without] = [await createRoom([owner, a, b, c]), await createRoom([owner, a, b])];
    await run(
      "UPDATE hub_room_members SET rank = 1 WHERE room_id = ? AND user_id IN (?, ?)",
      withAdmin,
      b.id,
      c.id,
    );
    const listening = await listen(a, withAdmin);
    await erase(owner);
    expect(await ranksOf(withAdmin)).toEqual({ [a.id]: 2, [b.id]: 0, [c.id]: 1 });
    expect(await ranksOf(without)).toEqual({ [a.id]: 0, [b.id]: 2 });
    expect(await roomRow(withAdmin)).toMatchObject({ member_count: 3, deleted_at: null });
    await say(listening, "goes on");
  });

  it("is never followed by somebody whose account is being deleted", async () => {
    const [owner, a, b] = [await createPerson(), await createPerson(), await createPerson()];
    const room = await createRoom([owner, a, b]);
    await markDeleted({ ...hubContext(), env: heldContext(true).ctx.env }, a.id);
    await erase(owner);
    expect(await ranksOf(room)).toEqual({ [a.id]: 2, [b.id]: 0 });
    await erase(a);
    await erase(b);
    expect(await ranksOf(room)).toEqual({});
    expect((await roomRow(room))?.deleted_at ?? 1).toBeGreaterThan(0);
  });

  it("ends its rooms that nobody is left in, and frees their usernames", async () => {
    const owner = await createPerson();
    const room = await createRoom([owner]);
    await run("UPDATE hub_rooms SET username = ? WHERE id = ?", `alone${owner.id}`, room);
    await erase(owner);
    expect((await roomRow(room))?.username ?? null).toBeNull();
    const socket = await openSocket(room, "", { authorization: `Bearer ${(await createPerson()).token}` });
    expect(await socket.waitForClose()).toBe(4404);
  });

  it("leaves private rooms and its messages to the other, as of nobody", async () => {
    const { person, other, room, one, theirs } = await scene("private");
    await say(one, "remember me");
    await erase(person);
    expect(await one.waitForClose()).toBe(UNAUTHENTICATED);
    const { status, body } = await other.call("GET", `/api/chat/message/${room}/list_by_room/`);
    const nobody = { id: person.id, username: null, full_name: "", profile_picture: null };
    expect({ status, results: body.results }).toMatchObject({
      status: 200,
      results: [{ text: "remember me", sender: nobody }],
    });
    expect(await ranksOf(room)).toEqual({ [other.id]: 2 });
    theirs.send({ type: "message_deleted", id: body.results[0].id });
    await theirs.waitFor("error");
    await erase(other);
    expect(await ranksOf(room)).toEqual({});
    expect((await roomRow(room))?.pair ?? null).toBeNull();
  });

  it("of many rooms leaves them in steps", async () => {
    const [owner, other] = [await createPerson(), await createPerson()];
    const rooms = await Promise.all(Array.from({ length: 45 }, () => createRoom([owner, other])));
    await erase(owner);
    for (const room of rooms) expect(await ranksOf(room)).toEqual({ [other.id]: 0 });
  });
});
