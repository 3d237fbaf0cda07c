import { beforeAll, describe, expect, it } from "vitest";
import type { ChatMemberResponse } from "../../src/hub/chat/members/responses.ts";
import { listen } from "../support/chat.ts";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { addContact, block, markDeleted } from "../support/hub-people.ts";
import { createGroup, createPrivate, membersUrl, ranksOf, roomUrl, rowOfRoom } from "../support/hub-rooms.ts";

const RANKS = { owner: 0, admin: 1, secondAdmin: 1, member: 2, secondMember: 2 } as const;
const OUTSIDE = ["removed", "stranger", "absent"] as const;
type Inside = keyof typeof RANKS;
type Who = Inside | (typeof OUTSIDE)[number];

const INSIDE = Object.keys(RANKS) as Inside[];
const CALLERS: Exclude<Who, "absent">[] = [...INSIDE, "removed", "stranger"];
const TARGETS: Who[] = [...INSIDE, ...OUTSIDE];

const PATHS = {
  set_admin: "set_admin",
  remove_admin: "remove_admin",
  transfer_owner: "transfer_owner",
  add_member: "add_member",
  remove_member: "remove_member",
} as const;
type Operation = keyof typeof PATHS;

const isInside = (who: Who): who is Inside => who in RANKS;

/** The rule, in words that no query shares: the status. */
function statusOf(operation: Operation, caller: Who, target: Who): number {
  if (!isInside(caller)) return 404;
  const rank = RANKS[caller];
  if (rank > (operation === "add_member" || operation === "remove_member" ? 1 : 0)) return 403;
  if (operation === "add_member") return isInside(target) || target === "absent" ? 400 : 200;
  if (caller === target || !isInside(target)) return 400;
  return operation === "remove_member" && rank >= RANKS[target] ? 403 : 200;
}

type Ranks = Partial<Record<Who, number>>;

/** Who is in the group afterwards. */
function after(operation: Operation, caller: Who, target: Who): Ranks {
  switch (operation) {
    case "set_admin":
      return { ...RANKS, [target]: 1 };
    case "remove_admin":
      return { ...RANKS, [target]: 2 };
    case "transfer_owner":
      return { ...RANKS, [caller]: 1, [target]: 0 };
    case "add_member":
      return { ...RANKS, [target]: 2 };
    case "remove_member": {
      const { [target]: _, ...left } = RANKS as Ranks;
      return left;
    }
  }
}

let people: Record<Exclude<Who, "absent">, Person>;
let group: string;
let direct: string;

const idOf = (who: Who): number => (who === "absent" ? 999_999_999 : people[who].id);
const namedRanks = async (): Promise<Ranks> => {
  const ranks = await ranksOf(group);
  return Object.fromEntries(
    [...CALLERS].filter((who) => idOf(who) in ranks).map((who) => [who, ranks[idOf(who)]]),
  );
};

/** Makes the group as it was. */
const reset = () =>
  hubDb.batch([
    hubDb.prepare("DELETE FROM hub_room_members WHERE room_id = ?").bind(group),
    hubDb.prepare("DELETE FROM hub_room_removals WHERE room_id = ?").bind(group),
    hubDb.prepare("INSERT INTO hub_room_removals VALUES (?, ?)").bind(group, idOf("removed")),
    ...INSIDE.map((who) =>
      hubDb
        .prepare("INSERT INTO hub_room_members (room_id, user_id, rank, joined_at) VALUES (?, ?, ?, 1)")
        .bind(group, idOf(who), RANKS[who]),
    ),
  ]);

const call = (by: Person, room: string, operation: string, user_id?: number) =>
  by.call("POST", membersUrl(room, operation), user_id === undefined ? undefined : { user_id });

beforeAll(async () => {
  const made = await Promise.all(CALLERS.map(async (who) => [who, await createPerson()] as const));
  people = Object.fromEntries(made) as typeof people;
  group = (await createGroup(people.owner)).id;
  direct = (await createPrivate(people.owner, people.admin)).id;
});

describe.each(Object.keys(PATHS) as Operation[])("%s", (operation) => {
  it.each(CALLERS)("by the %s does what the roles allow, and nothing else", async (caller) => {
    const [found, wanted]: [unknown[], unknown[]] = [[], []];
    for (const target of TARGETS) {
      await reset();
      const { status } = await call(people[caller], group, operation, idOf(target));
      const expected = statusOf(operation, caller, target);
      found.push([target, status, await namedRanks()]);
      wanted.push([target, expected, expected === 200 ? after(operation, caller, target) : RANKS]);
    }
    expect(found).toEqual(wanted);
  });

  it("in a private room is 403, and 404 for strangers", async () => {
    const before = await ranksOf(direct);
    for (const target of TARGETS)
      expect((await call(people.owner, direct, operation, idOf(target))).status).toBe(403);
    expect((await call(people.stranger, direct, operation, idOf("owner"))).status).toBe(404);
    expect(await ranksOf(direct)).toEqual(before);
  });

  it("without a user is 400, and of an absent room 404", async () => {
    const answer = await people.owner.call("POST", membersUrl(group, operation), {});
    expect([answer.status, answer.body.details]).toEqual([400, { user_id: ["This field is required."] }]);
    expect((await call(people.owner, crypto.randomUUID(), operation, 1)).status).toBe(404);
  });
});

describe("the group itself", () => {
  const statuses = async (ask: (who: Person) => Promise<{ status: number }>, by = CALLERS) => {
    const all: Record<string, number> = {};
    for (const who of by) {
      await reset();
      all[who] = (await ask(people[who])).status;
    }
    return all;
  };
  const outside = { removed: 404, stranger: 404 };

  it("is seen by members alone", async () => {
    const all = { owner: 200, admin: 200, secondAdmin: 200, member: 200, secondMember: 200, ...outside };
    expect(await statuses((who) => who.call("GET", roomUrl(group)))).toEqual(all);
    expect(await statuses((who) => who.call("GET", membersUrl(group, "list_members")))).toEqual(all);
  });

  it("is changed by the owner and admins alone", async () => {
    expect(await statuses((who) => who.call("PATCH", roomUrl(group), { name: "Other" }))).toEqual({
      ...{ owner: 200, admin: 200, secondAdmin: 200, member: 403, secondMember: 403, ...outside },
    });
  });

  it("is cleared by its owner alone", async () => {
    expect(await statuses((who) => who.call("POST", `${roomUrl(group)}clear_messages/`))).toEqual({
      ...{ owner: 200, admin: 403, secondAdmin: 403, member: 403, secondMember: 403, ...outside },
    });
  });

  it("is left by all but its owner", async () => {
    expect(await statuses((who) => call(who, group, "leave"))).toEqual({
      ...{ owner: 403, admin: 200, secondAdmin: 200, member: 200, secondMember: 200, ...outside },
    });
  });

  it("is joined by strangers alone", async () => {
    expect(await statuses((who) => call(who, group, "join"))).toEqual({
      ...{ owner: 400, admin: 400, secondAdmin: 400, member: 400, secondMember: 400 },
      ...{ removed: 403, stranger: 201 },
    });
  });

  it("is deleted by its owner alone", async () => {
    const others = CALLERS.filter((who) => who !== "owner");
    expect(await statuses((who) => who.call("DELETE", roomUrl(group)), others)).toEqual({
      ...{ admin: 403, secondAdmin: 403, member: 403, secondMember: 403, ...outside },
    });
  });
});

describe("a private room", () => {
  it("is cleared by both, and neither joined, left nor changed by anybody", async () => {
    for (const who of [people.owner, people.admin]) {
      expect((await who.call("POST", `${roomUrl(direct)}clear_messages/`)).status).toBe(200);
      expect((await call(who, direct, "leave")).status).toBe(403);
      expect((await call(who, direct, "join")).status).toBe(403);
      expect((await who.call("PATCH", roomUrl(direct), { name: "x" })).status).toBe(403);
    }
    expect((await call(people.stranger, direct, "join")).status).toBe(403);
    expect((await call(people.stranger, direct, "leave")).status).toBe(404);
    expect((await call(people.stranger, crypto.randomUUID(), "join")).status).toBe(404);
  });
});

describe("somebody removed", () => {
  it("cannot join until they are added again", async () => {
    await reset();
    const { owner, member, admin } = people;
    expect((await call(admin, group, "remove_member", member.id)).status).toBe(200);
    expect((await call(member, group, "join")).status).toBe(403);
    expect((await call(owner, group, "add_member", member.id)).status).toBe(200);
    expect((await call(member, group, "leave")).status).toBe(200);
    expect((await call(member, group, "join")).status).toBe(201);
    expect((await call(member, group, "join")).status).toBe(400);
  });

  it("raises the room's version, and so does who leaves", async () => {
    await reset();
    const version = async () => (await rowOfRoom(group))?.version;
    const before = Number(await version());
    await call(people.owner, group, "remove_member", people.member.id);
    await call(people.secondMember, group, "leave");
    expect(await version()).toBe(before + 2);
    expect((await rowOfRoom(group))?.member_count).toBe(3);
  });
});

describe("sockets", () => {
  it("of who is removed or leaves are closed at once, and no others", async () => {
    await reset();
    const { owner, member, secondMember } = people;
    const [ofOwner, ofRemoved, ofLeft] = await Promise.all(
      [owner, member, secondMember].map((who) => listen(who, group)),
    );
    await call(owner, group, "remove_member", member.id);
    await call(secondMember, group, "leave");
    expect([await ofRemoved?.waitForClose(), await ofLeft?.waitForClose()]).toEqual([4403, 4403]);
    expect(ofOwner?.closed).toBeUndefined();
  });

  it("of a room that is deleted are closed", async () => {
    const [a, b] = [await createPerson(), await createPerson()];
    const { id } = await createPrivate(a, b);
    const sockets = await Promise.all([listen(a, id), listen(b, id)]);
    expect((await b.call("DELETE", roomUrl(id))).status).toBe(204);
    expect(await Promise.all(sockets.map((socket) => socket.waitForClose()))).toEqual([4404, 4404]);
  });
});

describe("adding somebody", () => {
  it("is refused alike for who is absent, deleted, blocked or blocking", async () => {
    const owner = await createPerson();
    const { id } = await createGroup(owner);
    const [gone, blocked, blocking] = await Promise.all([createPerson(), createPerson(), createPerson()]);
    await markDeleted(gone.id);
    await block(owner.id, blocked.id);
    await block(blocking.id, owner.id);
    for (const user of [999_999_999, gone.id, blocked.id, blocking.id]) {
      const { status, body } = await call(owner, id, "add_member", user);
      const sentence = `Invalid pk "${user}" - object does not exist.`;
      expect([status, body.details]).toEqual([400, { user_id: [sentence] }]);
    }
  });

  it("with a private profile is for those alone whom it has as contact", async () => {
    const [owner, hidden] = [await createPerson(), await createPerson({ is_private: true })];
    const { id } = await createGroup(owner);
    await addContact(owner.id, hidden.id);
    expect((await call(owner, id, "add_member", hidden.id)).status).toBe(400);
    await addContact(hidden.id, owner.id);
    expect((await call(owner, id, "add_member", hidden.id)).status).toBe(200);
  });

  it("leaves nothing unread of what was said before", async () => {
    const [owner, other] = [await createPerson(), await createPerson()];
    const { id } = await createGroup(owner);
    await hubDb.prepare("UPDATE hub_rooms SET last_number = 7 WHERE id = ?").bind(id).run();
    await call(owner, id, "add_member", other.id);
    expect((await other.call("GET", roomUrl(id))).body.unread_count).toBe(0);
  });
});

describe("at the same moment", () => {
  it("a group that is given to many has one owner", async () => {
    await reset();
    const { owner } = people;
    const others = INSIDE.filter((who) => who !== "owner");
    const answers = await Promise.all(
      [...others, ...others].map((who) => call(owner, group, "transfer_owner", idOf(who))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(403)]);
    const ranks = Object.values(await namedRanks());
    expect(ranks.filter((rank) => rank === 0)).toHaveLength(1);
    expect(ranks).toHaveLength(5);
  });

  it("somebody who joins and is added is one member", async () => {
    await reset();
    const { owner, stranger } = people;
    await Promise.all(
      Array.from({ length: 10 }, (_, nth) =>
        nth % 2 ? call(stranger, group, "join") : call(owner, group, "add_member", stranger.id),
      ),
    );
    expect((await rowOfRoom(group))?.member_count).toBe(6);
    expect(Object.keys(await ranksOf(group))).toHaveLength(6);
  });
});

describe("the list of members", () => {
  it("has the owner, the admins and the others, in pages too", async () => {
    await reset();
    const { body } = await people.member.call<ChatMemberResponse[]>("GET", membersUrl(group, "list_members"));
    expect(body.map(({ user, role, room }) => [user.id, role, room])).toEqual(
      INSIDE.map((who) => [idOf(who), (["owner", "admin", "member"] as const)[RANKS[who]], group]),
    );
    const page = await people.member.call("GET", `${membersUrl(group, "list_members")}?page=2&page_size=2`);
    expect([page.body.count, page.body.results.map(({ user }: ChatMemberResponse) => user.id)]).toEqual([
      5,
      [idOf("secondAdmin"), idOf("member")],
    ]);
    const past = await people.member.call("GET", `${membersUrl(group, "list_members")}?page=4&page_size=2`);
    expect(past.status).toBe(404);
  });

  it("has only the id of somebody blocked or deleted", async () => {
    const [owner, blocking, gone] = await Promise.all([createPerson(), createPerson(), createPerson()]);
    const { id } = await createGroup(owner, blocking, gone);
    await block(blocking.id, owner.id);
    await markDeleted(gone.id);
    const { body } = await owner.call<ChatMemberResponse[]>("GET", membersUrl(id, "list_members"));
    const nobody = { username: null, full_name: "", profile_picture: null };
    expect(body.slice(1).map(({ user }) => user)).toEqual([
      { id: blocking.id, ...nobody },
      { id: gone.id, ...nobody },
    ]);
  });
});
