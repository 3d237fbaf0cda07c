import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { clearRoom, clearRooms } from "../../src/hub/chat/rooms/remove.ts";
import { listen, say } from "../support/chat.ts";
import { unique } from "../support/client.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import {
  createGroup,
  createPrivate,
  membersUrl,
  postPrivate,
  roomUrl,
  rowOfRoom,
  storedIn,
} from "../support/hub-rooms.ts";
import { png } from "../support/pictures.ts";
import { waitFor } from "../support/wait.ts";

const TABLES = ["hub_room_members", "hub_room_removals", "hub_room_deletions", "hub_room_listeners"];

const two = (): Promise<[Person, Person]> => Promise.all([createPerson(), createPerson()]);
const picture = () => new File([png()], "picture.png", { type: "image/png" });
const shown = async (url: string | null, who: Person) =>
  (await who.call("GET", new URL(url ?? "").pathname)).status;

/** The rows of a room in all tables. */
const rowsOf = async (room: string): Promise<number[]> =>
  Promise.all(
    TABLES.map(async (table) =>
      Number(
        await hubDb
          .prepare(`SELECT count(*) AS count FROM ${table} WHERE room_id = ?`)
          .bind(room)
          .first("count"),
      ),
    ),
  );

/** Gives a room more rows of each kind than one step removes. */
const fill = (room: string, count: number) =>
  hubDb.batch(
    [
      "INSERT INTO hub_room_members (room_id, user_id, rank, joined_at)",
      "INSERT INTO hub_room_removals (room_id, user_id)",
      "INSERT INTO hub_room_deletions (room_id, number)",
      "INSERT INTO hub_room_listeners (room_id, user_id)",
    ].map((insert, nth) =>
      hubDb
        .prepare(
          `${insert} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
           SELECT ?, 1000000 + i ${nth === 0 ? ", 2, 1" : ""} FROM n`,
        )
        .bind(room),
    ),
  );

/** Marks a room as deleted, a while ago, as if its job were lost. */
const end = (room: string) =>
  hubDb.prepare("UPDATE hub_rooms SET deleted_at = 1, pair = NULL WHERE id = ?").bind(room).run();

describe("a room that is deleted", () => {
  it("is gone for all at once, with its picture, and its username is free", async () => {
    const [a, b] = await two();
    const username = `team_${unique()}`;
    const fields = { room_type: "group", name: "x", username };
    const { body } = await a.form("POST", "/api/chat/rooms/", {
      ...{ ...fields, members: String(b.id), profile_pic: picture() },
    });
    expect(await shown(body.profile_pic, b)).toBe(200);
    expect((await a.call("DELETE", roomUrl(body.id))).status).toBe(204);
    for (const who of [a, b]) {
      expect((await who.call("GET", roomUrl(body.id))).status).toBe(404);
      expect((await who.call("DELETE", roomUrl(body.id))).status).toBe(404);
      expect((await who.call("POST", membersUrl(body.id, "join"))).status).toBe(404);
      expect((await who.call("GET", "/api/chat/rooms/")).body).toEqual([]);
    }
    expect(await shown(body.profile_pic, b)).toBe(404);
    expect((await b.call("POST", "/api/chat/rooms/", fields)).status).toBe(201);
  });

  it("is another one when the two begin again, and each may delete it", async () => {
    const [a, b] = await two();
    const { id } = await createPrivate(a, b);
    expect((await b.call("DELETE", roomUrl(id))).status).toBe(204);
    const again = await postPrivate(a, b.id);
    expect([again.status, again.body.id === id]).toEqual([201, false]);
  });

  it("leaves no row and no message", async () => {
    const [a, b] = await two();
    const { id } = await createGroup(a, b);
    const socket = await listen(a, id);
    await say(socket, "Hello");
    await fill(id, 1200);
    expect((await a.call("DELETE", roomUrl(id))).status).toBe(204);
    await clearRoom(hubContext(), { room: id });
    expect([await rowsOf(id), await rowOfRoom(id)]).toEqual([[0, 0, 0, 0], null]);
    expect(await storedIn(id)).toEqual([]);
  });

  it("is removed by cron when its job is lost, and twice does no harm", async () => {
    const [a, b] = await two();
    const { id } = await createGroup(a, b);
    await fill(id, 700);
    await end(id);
    await waitFor(async () => {
      await clearRooms(hubContext());
      expect([await rowsOf(id), await rowOfRoom(id)]).toEqual([[0, 0, 0, 0], null]);
    });
    await clearRoom(hubContext(), { room: id });
    expect(await clearRooms(hubContext())).toBe(0);
  });

  it("stays until its Object has ended, and a living room is never cleared", async () => {
    const [a, b] = await two();
    const { id } = await createGroup(a, b);
    await clearRoom(hubContext(), { room: id }).catch(() => {});
    expect((await a.call("GET", roomUrl(id))).body.member_count).toBe(2);
    await end(id);
    const broken = { ...hubContext() };
    const CHAT_ROOM = { getByName: () => ({ end: vi.fn().mockRejectedValue(new Error("down")) }) };
    broken.env = { ...env, CHAT_ROOM } as never;
    await expect(clearRoom(broken, { room: id })).rejects.toThrow("down");
    expect(await clearRooms(broken)).toBe(0);
    expect(await rowOfRoom(id)).not.toBeNull();
    await clearRoom(hubContext(), { room: id });
    expect(await rowOfRoom(id)).toBeNull();
  });
});

describe("the owner", () => {
  it("leaves alone, and the group ends", async () => {
    const [a, b] = await two();
    const { id } = await createGroup(a, b);
    expect((await a.call("POST", membersUrl(id, "leave"))).status).toBe(403);
    expect((await b.call("POST", membersUrl(id, "leave"))).status).toBe(200);
    expect((await a.call("POST", membersUrl(id, "leave"))).status).toBe(200);
    expect((await a.call("GET", roomUrl(id))).status).toBe(404);
    expect((await b.call("POST", membersUrl(id, "join"))).status).toBe(404);
  });
});

describe("a change of a group", () => {
  it("replaces the picture, and an empty one removes it", async () => {
    const [a, b] = await two();
    const { id } = await createGroup(a, b);
    const set = async (profile_pic: File | string) =>
      (await a.form("PATCH", roomUrl(id), { profile_pic })).body.profile_pic as string | null;
    const first = await set(picture());
    const second = await set(picture());
    expect([await shown(first, b), await shown(second, b)]).toEqual([404, 200]);
    expect((await b.form("PATCH", roomUrl(id), { profile_pic: picture() })).status).toBe(403);
    expect(await shown(second, b)).toBe(200);
    expect(await set("")).toBeNull();
    expect(await shown(second, b)).toBe(404);
  });

  it("keeps what is left out, and refuses a taken username", async () => {
    const [a, b] = await two();
    const { id } = await createGroup(a, b);
    const username = `team_${unique()}`;
    const description = "Talk";
    const set = (fields: object) => a.call("PATCH", roomUrl(id), fields);
    expect((await set({ username, description })).body).toMatchObject({
      name: "Team",
      username,
      description,
    });
    expect((await set({ name: "Other" })).body).toMatchObject({ name: "Other", username, description });
    expect((await set({ username })).status).toBe(200);
    expect((await set({})).body).toMatchObject({ name: "Other", username });
    const other = await createGroup(a);
    const { status, body } = await a.call("PATCH", roomUrl(other.id), { username: username.toUpperCase() });
    expect([status, Object.keys(body.details)]).toEqual([400, ["username"]]);
    expect((await set({ username: "", description: "" })).body).toMatchObject({
      username: null,
      description: null,
    });
  });
});

describe("clearing", () => {
  it("removes all messages, and nothing is unread", async () => {
    const [a, b] = await two();
    const { id } = await createGroup(a, b);
    const socket = await listen(a, id);
    await say(socket, "Hello");
    expect((await a.call("POST", `${roomUrl(id)}clear_messages/`)).status).toBe(200);
    const { body } = await b.call("GET", `/api/chat/message/${id}/list_by_room/`);
    expect([body.count, body.results]).toEqual([0, []]);
    await waitFor(async () => {
      const room = (await b.call("GET", roomUrl(id))).body;
      expect([room.unread_count, room.last_message]).toEqual([0, null]);
    });
    socket.close();
  });
});
