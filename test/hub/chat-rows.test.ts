import { describe, expect, it } from "vitest";
import { addMember } from "../../src/hub/chat/members/change.ts";
import { listMembers } from "../../src/hub/chat/members/list.ts";
import { joinRoom, leaveRoom } from "../../src/hub/chat/members/self.ts";
import { getRoom, listRooms } from "../../src/hub/chat/rooms/read.ts";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { meteredHub } from "../support/hub-people.ts";
import { createGroup } from "../support/hub-rooms.ts";

const NEWEST = { limit: 100, offset: 0, isPaged: false };
const PAGE = { limit: 25, offset: 0, isPaged: true };

/** Gives a group more members, of whom there is a person. */
const grow = (room: string, from: number, to: number) =>
  hubDb.batch(
    [
      `INSERT INTO hub_users (id, email, username, date_joined)
       WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to - 1})
       SELECT 3000000 + i, 'm' || i, 'm' || i, 0 FROM n WHERE true ON CONFLICT DO NOTHING`,
      `INSERT INTO hub_room_members (room_id, user_id, rank, joined_at)
       WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to - 1})
       SELECT '${room}', 3000000 + i, 2, 0 FROM n`,
    ].map((statement) => hubDb.prepare(statement)),
  );

async function costOf(who: Person, run: (ctx: ReturnType<typeof meteredHub>["ctx"]) => Promise<unknown>) {
  const { ctx, meter } = meteredHub(who.id);
  await run(ctx);
  return meter;
}

describe("among 10,000 members", () => {
  it("a room, the list of rooms and a page of members cost the same as among 200", async () => {
    const [owner, first, last] = await Promise.all([createPerson(), createPerson(), createPerson()]);
    const { id } = await createGroup(owner);
    const costs = [];
    for (const [from, to] of [
      [0, 200],
      [200, 10_000],
    ] as const) {
      await grow(id, from, to);
      const other = to === 200 ? first : last;
      costs.push({
        room: (await costOf(owner, (ctx) => getRoom(ctx, id))).read,
        rooms: (await costOf(owner, (ctx) => listRooms(ctx, NEWEST))).read,
        members: (await costOf(owner, (ctx) => listMembers(ctx, id, PAGE))).read,
        join: await costOf(other, (ctx) => joinRoom(ctx, id)),
        leave: await costOf(other, (ctx) => leaveRoom(ctx, id)),
        add: await costOf(owner, (ctx) => addMember(ctx, id, other.id)),
      });
    }
    expect(costs[1]).toEqual(costs[0]);
    const [{ room, rooms, members, join, add } = costs[0]!] = costs;
    expect(room).toBeLessThanOrEqual(320);
    expect(rooms).toBeLessThanOrEqual(330);
    expect(members).toBeLessThanOrEqual(100);
    expect(Math.max(join.written, add.written)).toBeLessThanOrEqual(6);
    const { body } = await last.call("GET", `/api/chat/rooms/${id}/`);
    expect([body.members.length, body.member_count]).toEqual([100, 10_003]);
    // The caller is named though 10,000 came before.
    expect(body.members.map((member: { id: number }) => member.id).slice(0, 2)).toEqual([owner.id, last.id]);
    const answer = await owner.call("GET", `/api/chat/members/${id}/list_members/`);
    expect([answer.body.length, answer.headers.get("link")]).toEqual([
      1000,
      expect.stringContaining("page="),
    ]);
  });

  it("100 rooms cost a bounded number of rows for each", async () => {
    const [owner, other] = [await createPerson(), await createPerson()];
    const { id } = await createGroup(owner, other);
    await hubDb.batch([
      hubDb.prepare(`
        INSERT INTO hub_rooms (id, key, room_type, name, active_at, created_at)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 119)
        SELECT printf('00000000-0000-4000-8000-%012d', i), i, 'group', 'x', i, 1 FROM n`),
      hubDb
        .prepare(`
        INSERT INTO hub_room_members (room_id, user_id, rank, joined_at)
        SELECT r.id, p.value, p.key, 1 FROM hub_rooms r CROSS JOIN json_each(?) p WHERE r.key < 120`)
        .bind(JSON.stringify([owner.id, other.id])),
    ]);
    const cost = await costOf(owner, (ctx) => listRooms(ctx, NEWEST));
    expect(cost.read).toBeLessThanOrEqual(2000);
    const { body, headers } = await owner.call("GET", "/api/chat/rooms/");
    expect([body.length, body[0].id, headers.get("link")]).toEqual([
      100,
      id,
      expect.stringContaining("page="),
    ]);
    const page = await owner.call("GET", "/api/chat/rooms/?page=5&page_size=25");
    expect([page.body.count, page.body.results.length]).toEqual([120, 20]);
  });
});
