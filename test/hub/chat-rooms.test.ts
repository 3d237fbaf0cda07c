import { describe, expect, it } from "vitest";
import type { ChatRoomResponse } from "../../src/hub/chat/rooms/responses.ts";
import { unique } from "../support/client.ts";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { addContact, block, markDeleted } from "../support/hub-people.ts";
import {
  createGroup,
  createPrivate,
  membersUrl,
  postPrivate,
  ranksOf,
  reportMessages,
  roomUrl,
} from "../support/hub-rooms.ts";
import { png } from "../support/pictures.ts";

const ROOMS = "/api/chat/rooms/";

const people = (count: number): Promise<Person[]> =>
  Promise.all(Array.from({ length: count }, () => createPerson()));

const two = async (): Promise<[Person, Person]> => (await people(2)) as [Person, Person];

const pk = (id: number) => `Invalid pk "${id}" - object does not exist.`;
const picture = () => new File([png()], "picture.png", { type: "image/png" });
const idsOf = ({ members }: ChatRoomResponse): number[] => members.map(({ id }) => id);

/** What is refused, by field. */
async function refusal(by: Person, fields: object): Promise<Record<string, string[]>> {
  const { status, body } = await by.call("POST", ROOMS, fields);
  expect(status).toBe(400);
  return body.details;
}

const roomsOf = async (who: Person, query = ""): Promise<ChatRoomResponse[]> =>
  (await who.call<ChatRoomResponse[]>("GET", ROOMS + query)).body;

describe("a private room is refused", () => {
  it("with anything that a group has", async () => {
    const [a, b] = await two();
    const fields = { name: "x", username: "xyz", description: "x", profile_pic: "x" };
    const details = await refusal(a, { room_type: "private", members: [b.id], ...fields });
    expect(Object.keys(details).sort()).toEqual(Object.keys(fields).sort());
    const form = await a.form("POST", ROOMS, {
      ...{ room_type: "private", members: String(b.id), profile_pic: picture() },
    });
    expect([form.status, Object.keys(form.body.details)]).toEqual([400, ["profile_pic"]]);
  });

  it("without exactly one other person", async () => {
    const [a, b, c] = (await people(3)) as [Person, Person, Person];
    for (const members of [[], [a.id], [b.id, c.id], [a.id, b.id, c.id]])
      expect(await refusal(a, { room_type: "private", members })).toEqual({
        members: ["A private chat has exactly one other member."],
      });
    expect(await refusal(a, { room_type: "private" })).toEqual({ members: ["This field is required."] });
  });

  it("with somebody absent, deleted, blocked or blocking, alike", async () => {
    const [a, gone, blocked, blocking] = (await people(4)) as [Person, Person, Person, Person];
    await markDeleted(gone.id);
    await block(a.id, blocked.id);
    await block(blocking.id, a.id);
    for (const id of [999_999_999, gone.id, blocked.id, blocking.id])
      expect(await refusal(a, { room_type: "private", members: [id] })).toEqual({ members: [pk(id)] });
  });

  it("with a private profile that does not have the caller as contact", async () => {
    const [a, other] = [await createPerson(), await createPerson({ is_private: true })];
    await addContact(a.id, other.id);
    expect(await refusal(a, { room_type: "private", members: [other.id] })).toEqual({
      members: [pk(other.id)],
    });
    await addContact(other.id, a.id);
    expect((await postPrivate(a, other.id)).status).toBe(201);
  });
});

describe("a group is refused", () => {
  it.each([
    ["no kind", { name: "x" }, { room_type: ["This field is required."] }],
    [
      "another kind",
      { room_type: "channel", name: "x" },
      { room_type: ['"channel" is not a valid choice.'] },
    ],
    ["no name", { room_type: "group" }, { name: ["This field is required."] }],
    ["a blank name", { room_type: "group", name: " " }, { name: ["This field may not be blank."] }],
  ])("with %s", async (_, fields, details) => {
    expect(await refusal(await createPerson(), fields)).toEqual(details);
  });

  it("with every bad field at once", async () => {
    const details = await refusal(await createPerson(), {
      ...{ room_type: "group", name: "x".repeat(101), username: "a b", description: "x".repeat(1001) },
      ...{ profile_pic: "<file>", members: Array.from({ length: 101 }, (_, id) => id + 1) },
    });
    expect(Object.keys(details).sort()).toEqual([
      "description",
      "members",
      "name",
      "profile_pic",
      "username",
    ]);
  });

  it("with each member whom the caller may not add, and nothing is created", async () => {
    const [a, b, blocked] = (await people(3)) as [Person, Person, Person];
    const hidden = await createPerson({ is_private: true });
    await block(blocked.id, a.id);
    const members = [b.id, blocked.id, hidden.id, 999_999_999];
    const username = `t${unique()}`;
    const details = await refusal(a, { room_type: "group", name: "x", username, members });
    expect(details).toEqual({ members: [pk(blocked.id), pk(hidden.id), pk(999_999_999)] });
    expect(await roomsOf(b)).toEqual([]);
    expect((await a.call("POST", ROOMS, { room_type: "group", name: "x", username })).status).toBe(201);
  });

  it("with a taken username, in any case", async () => {
    const [a, b] = await two();
    const username = `team_${unique()}`;
    const fields = { room_type: "group", name: "x" };
    const made = await a.call("POST", ROOMS, { ...fields, username: username.toUpperCase() });
    expect([made.status, made.body.username]).toEqual([201, username]);
    expect(await refusal(b, { ...fields, username })).toEqual({
      username: ["A room with that username already exists."],
    });
  });
});

describe("a private room", () => {
  it("has both, with or without oneself in the request, and is the same again", async () => {
    const [a, b] = await two();
    const made = await postPrivate(a, b.id);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ room_type: "private", name: null, member_count: 2, unread_count: 0 });
    expect(idsOf(made.body).sort()).toEqual([a.id, b.id].sort());
    for (const [by, members] of [
      [a, [a.id, b.id]],
      [b, [a.id]],
      [b, [a.id, b.id, a.id]],
    ] as const) {
      const again = await postPrivate(by, ...members);
      expect([again.status, again.body.id]).toEqual([200, made.body.id]);
    }
    expect(await ranksOf(made.body.id)).toEqual({ [a.id]: 2, [b.id]: 2 });
  });

  it("is one, also when both create it at once", async () => {
    const [a, b] = await two();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, nth) => (nth % 2 ? postPrivate(a, b.id) : postPrivate(b, a.id))),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect([await roomsOf(a), await roomsOf(b)].map((rooms) => rooms.length)).toEqual([1, 1]);
  });

  it("stays, without the other's name, after a block, a private profile or a deletion", async () => {
    const [a, b] = await two();
    const room = await createPrivate(a, b);
    await hubDb.prepare("UPDATE hub_users SET is_private = 1 WHERE id = ?").bind(b.id).run();
    expect((await postPrivate(a, b.id)).status).toBe(200);
    await block(b.id, a.id);
    const { status, body } = await postPrivate(a, b.id);
    expect([status, body.id, idsOf(body)]).toEqual([200, room.id, [a.id, b.id]]);
    expect(body.members[1]).toEqual({ id: b.id, username: null, full_name: "", profile_picture: null });
  });
});

describe("a group", () => {
  it("has its fields, the creator as owner, and its picture by multipart", async () => {
    const [a, b] = await two();
    const username = `team_${unique()}`;
    const { status, body } = await a.form<ChatRoomResponse>("POST", ROOMS, {
      ...{ room_type: "group", name: " Team ", username, description: "Talk", profile_pic: picture() },
      members: [String(a.id), String(b.id)],
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ room_type: "group", name: "Team", username, description: "Talk" });
    expect([body.member_count, idsOf(body)]).toEqual([2, [a.id, b.id]]);
    expect(await ranksOf(body.id)).toEqual({ [a.id]: 0, [b.id]: 2 });
    const shown = await b.call("GET", new URL(body.profile_pic ?? "").pathname);
    expect([shown.status, shown.headers.get("content-type")]).toEqual([200, "image/png"]);
  });

  it("may have its creator alone", async () => {
    const a = await createPerson();
    const { body } = await a.call("POST", ROOMS, { room_type: "group", name: "x" });
    expect([body.member_count, body.username, body.description]).toEqual([1, null, null]);
  });
});

describe("the room of others", () => {
  it("is 404 for each operation", async () => {
    const [a, b] = await two();
    const stranger = await createPerson();
    const ids = [(await createGroup(a, b)).id, (await createPrivate(a, b)).id, crypto.randomUUID()];
    for (const id of ids) {
      for (const [method, path, body] of [
        ["GET", roomUrl(id)],
        ["PATCH", roomUrl(id), { name: "y" }],
        ["DELETE", roomUrl(id)],
        ["POST", `${roomUrl(id)}clear_messages/`],
        ["GET", membersUrl(id, "list_members")],
      ] as const)
        expect([method, path, (await stranger.call(method, path, body)).status]).toEqual([method, path, 404]);
    }
    expect(await roomsOf(stranger)).toEqual([]);
    expect((await roomsOf(a)).map(({ id }) => id).sort()).toEqual(ids.slice(0, 2).sort());
  });
});

describe("the list of rooms", () => {
  it("has the last active first, in pages too", async () => {
    const [a, b] = await two();
    const ids: string[] = [];
    for (let nth = 0; nth < 3; nth++) ids.push((await createGroup(a, b)).id);
    const [first, second, third] = ids as [string, string, string];
    await hubDb.batch(
      ids.map((id, at) => hubDb.prepare("UPDATE hub_rooms SET active_at = ? WHERE id = ?").bind(at, id)),
    );
    expect((await roomsOf(a)).map(({ id }) => id)).toEqual([third, second, first]);
    await reportMessages(first, b, 1, "Hello");
    const { body } = await a.call("GET", `${ROOMS}?page=1&page_size=2`);
    expect([body.count, body.results.map(({ id }: ChatRoomResponse) => id)]).toEqual([3, [first, third]]);
  });

  it("tells the newest message and what is unread", async () => {
    const [a, b] = await two();
    const { id } = await createGroup(a, b);
    const message = await reportMessages(id, b, 5, "Hello");
    await hubDb.batch([
      hubDb
        .prepare("UPDATE hub_room_members SET read_number = 1 WHERE room_id = ? AND user_id = ?")
        .bind(id, a.id),
      hubDb
        .prepare("UPDATE hub_room_members SET read_number = 5 WHERE room_id = ? AND user_id = ?")
        .bind(id, b.id),
      hubDb.prepare("INSERT INTO hub_room_deletions VALUES (?, 1), (?, 3)").bind(id, id),
    ]);
    const [room] = await roomsOf(a);
    expect(room).toMatchObject({ unread_count: 3, last_message: { id: message, text: "Hello" } });
    expect(room?.last_message?.sender.username).toBe(b.username);
    expect((await roomsOf(b))[0]?.unread_count).toBe(0);
    await hubDb.prepare("UPDATE hub_rooms SET cleared_number = 4 WHERE id = ?").bind(id).run();
    expect((await roomsOf(a))[0]?.unread_count).toBe(1);
  });

  it("withholds names and content across a block, and counts all", async () => {
    const [a, b, c] = (await people(3)) as [Person, Person, Person];
    const { id } = await createGroup(a, b, c);
    await reportMessages(id, b, 1, "Secret");
    await block(b.id, a.id);
    const [room] = await roomsOf(a);
    const nobody = { id: b.id, username: null, full_name: "", profile_picture: null };
    expect(room).toMatchObject({
      member_count: 3,
      last_message: { sender: nobody, text: "", is_hidden: true },
    });
    expect(room?.members.find((each) => each.id === b.id)).toEqual(nobody);
    expect(JSON.stringify(room)).not.toContain("Secret");
    expect(JSON.stringify(await roomsOf(c))).toContain("Secret");
  });
});
