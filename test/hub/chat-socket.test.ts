import { describe, expect, it } from "vitest";
import { createRoom, listen, openSocket, roomOf, say } from "../support/chat.ts";
import { call } from "../support/client.ts";
import { createPerson } from "../support/hub-client.ts";

const NO_ROOM = "00000000-0000-4000-8000-000000000000";

/** Two members and their room. */
async function createTwo(kind: "private" | "group" = "group") {
  const [ann, bek] = [await createPerson(), await createPerson()];
  return { ann, bek, room: await createRoom([ann, bek], kind) };
}

describe("opening a socket", () => {
  it("a plain GET is 400, and says what is needed", async () => {
    const { status, body } = await call(null, "GET", `/ws/chat/${NO_ROOM}/`);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain("Upgrade: websocket");
  });

  it("a room that is not there closes with 4404", async () => {
    const socket = await openSocket(NO_ROOM);
    expect(await socket.waitForClose()).toBe(4404);
  });

  it.each(["nonsense", "eyJhbGciOiJIUzI1NiJ9.e30.x"])("the token %s closes with 4401", async (token) => {
    const { room } = await createTwo();
    const socket = await openSocket(room, `?token=${token}`);
    expect(await socket.waitForClose()).toBe(4401);
  });

  it("a refresh token closes with 4401", async () => {
    const { room, ann } = await createTwo();
    const socket = await openSocket(room, `?token=${ann.refresh}`);
    expect(await socket.waitForClose()).toBe(4401);
  });

  it("somebody who is not a member is closed with 4403", async () => {
    const { room } = await createTwo();
    const { token } = await createPerson();
    const socket = await openSocket(room, `?token=${token}`);
    expect(await socket.waitForClose()).toBe(4403);
  });

  it("the page of another site may not open one", async () => {
    const { room, ann } = await createTwo();
    const headers = { origin: "https://evil.example", authorization: `Bearer ${ann.token}` };
    await expect(openSocket(room, "", headers)).rejects.toThrow("403");
  });

  it("a header, a subprotocol, a query, a ticket and a first frame open it", async () => {
    const { room, ann } = await createTwo();
    const { status, body } = await ann.call("POST", "/api/chat/ticket/");
    expect(status).toBe(201);
    const opened = [
      await openSocket(room, "", { authorization: `Bearer ${ann.token}` }),
      await openSocket(room, "", { "sec-websocket-protocol": `xabar.bearer, ${ann.token}` }),
      await openSocket(room, `?token=${ann.token}`),
      await openSocket(room, `?ticket=${body.ticket}`),
      await openSocket(room),
    ];
    opened[4]?.send({ type: "auth", token: ann.token });
    for (const socket of opened)
      expect(await socket.waitFor("hello")).toMatchObject({ room, user: ann.id, seq: 0 });
  });

  it("a ticket opens one socket", async () => {
    const { room, ann } = await createTwo();
    const { body } = await ann.call("POST", "/api/chat/ticket/");
    await (await openSocket(room, `?ticket=${body.ticket}`)).waitFor("hello");
    expect(await (await openSocket(room, `?ticket=${body.ticket}`)).waitForClose()).toBe(4401);
  });

  it("one opens after a change that no socket heard, and after the database was restored", async () => {
    const { room, ann } = await createTwo();
    await roomOf(room).clear();
    await roomOf(room).ring({ version: 1000, users: [ann.id] });
    await say(await listen(ann, room), "Hello");
  });

  it("an eleventh socket of one user closes with 4429", async () => {
    const { room, ann } = await createTwo();
    for (let nth = 0; nth < 10; nth++) await listen(ann, room);
    const socket = await openSocket(room, `?token=${ann.token}`);
    expect(await socket.waitForClose()).toBe(4429);
  });

  it("before it has brought a token, a socket hears and does nothing", async () => {
    const { room, ann } = await createTwo();
    const deaf = await openSocket(room);
    deaf.send({ type: "chat_message", message: "Not yet" });
    deaf.send({ type: "user_typing" });
    const socket = await listen(ann, room);
    await say(socket, "Hello");
    deaf.send({ type: "auth", token: ann.token });
    expect(await deaf.waitFor("hello")).toMatchObject({ seq: 1 });
    expect(deaf.events.map(({ type }) => type)).toEqual(["hello"]);
  });
});

describe("frames", () => {
  it.each([
    ["{", "JSON parse error."],
    ["[]", "type"],
    ["null", ""],
    ['{"type":"dance"}', "type"],
    ['{"type":"chat_message"}', "message: A message needs a text or a file."],
    ['{"type":"chat_message","message":"  "}', "message: A message needs a text or a file."],
    [`{"type":"chat_message","message":"${"a".repeat(4097)}"}`, "no more than 4096 characters"],
    ['{"type":"chat_message","message":"a\\u0000b"}', "Null characters"],
    ['{"type":"chat_message","message":5}', "message"],
    ['{"type":"chat_message","message":"Hi","files":[1,2,3,4,5,6,7,8,9,10,11]}', "files"],
    ['{"type":"chat_message","message":"Hi","files":[1]}', 'files: Invalid pk "1" - object does not exist.'],
    [`{"type":"chat_message","message":"Hi","reply_to":"${NO_ROOM}"}`, ""],
    [`{"type":"message_edited","id":"${NO_ROOM}","message":"Hi"}`, "Message not found"],
    [`{"type":"message_deleted","id":"${NO_ROOM}"}`, "Message not found"],
    [`{"type":"message_read","id":"${NO_ROOM}"}`, "Message not found"],
    ['{"type":"resume","since":-1}', "since"],
    [`{"type":"chat_message","message":"${"a".repeat(40_000)}"}`, "no more than 32768 characters"],
  ])("%s is an error that says why, and stores nothing", async (frame, detail) => {
    const { room, ann } = await createTwo();
    const socket = await listen(ann, room);
    socket.send(frame);
    const error = await socket.waitFor("error");
    expect(error.detail).toContain(detail);
    expect(await say(socket, "Still here")).toMatchObject({ seq: 1 });
  });

  it("an error names the client_id of its frame", async () => {
    const { room, ann } = await createTwo();
    const socket = await listen(ann, room);
    socket.send({ type: "chat_message", message: "", client_id: "c1" });
    expect(await socket.waitFor("error")).toMatchObject({ client_id: "c1" });
  });
});

describe("messages", () => {
  it("a message reaches all with the fields of the history, and its sender with client_id", async () => {
    const { room, ann, bek } = await createTwo();
    const [first, second] = [await listen(ann, room), await listen(bek, room)];
    const own = await say(first, "Salom!");
    const other = await second.waitFor("chat_message");
    expect(other).toEqual({
      ...{
        type: "chat_message",
        seq: 1,
        id: own.id,
        room,
        message: "Salom!",
        text: "Salom!",
        reply_to: null,
      },
      ...{ attachments: [], is_edited: false, created_at: own.created_at, update_at: own.created_at },
      sender: { id: ann.id, username: ann.username, full_name: ann.username, profile_picture: null },
    });
    const { client_id, ...rest } = own;
    expect(rest).toEqual(other);
    const { body, headers } = await bek.call("GET", `/api/chat/message/${room}/list_by_room/`);
    const { type: _t, seq: _s, message: _m, ...item } = other;
    expect(body).toEqual({ count: 1, next: null, previous: null, results: [item] });
    expect(headers.get("x-chat-seq")).toBe("1");
  });

  it("a client_id sent again gives the same message, and nobody else hears of it", async () => {
    const { room, ann, bek } = await createTwo();
    const [first, second] = [await listen(ann, room), await listen(bek, room)];
    first.send({ type: "chat_message", message: "Once", client_id: "c" });
    const sent = await first.waitFor("chat_message", ({ client_id }) => client_id === "c");
    first.send({ type: "chat_message", message: "Twice", client_id: "c" });
    await say(first, "End");
    const repeated = first.events.filter(({ client_id }) => client_id === "c");
    expect(repeated).toEqual([sent, sent]);
    await second.waitFor("chat_message", ({ message }) => message === "End");
    expect(second.events.filter(({ id }) => id === sent.id)).toHaveLength(1);
  });

  it("a client_id is bound to its sender", async () => {
    const { room, ann, bek } = await createTwo();
    const [first, second] = [await listen(ann, room), await listen(bek, room)];
    first.send({ type: "chat_message", message: "A", client_id: "same" });
    second.send({ type: "chat_message", message: "B", client_id: "same" });
    const a = await first.waitFor("chat_message", ({ client_id }) => client_id === "same");
    const b = await second.waitFor("chat_message", ({ client_id }) => client_id === "same");
    expect([a.message, b.message, a.id === b.id]).toEqual(["A", "B", false]);
  });

  it("only the sender edits; all hear it, and the history has it", async () => {
    const { room, ann, bek } = await createTwo();
    const [first, second] = [await listen(ann, room), await listen(bek, room)];
    const { id } = await say(first, "Helo");
    second.send({ type: "message_edited", id, message: "Mine now" });
    expect((await second.waitFor("error")).detail).toContain("permission");
    first.send({ type: "message_edited", id, message: "Hello" });
    const event = await second.waitFor("message_edited");
    expect(event).toMatchObject({ id, seq: 2, text: "Hello", message: "Hello", is_edited: true });
    const { body } = await bek.call("PATCH", `/api/chat/message/${id}/`, { text: "No" });
    expect(body).toEqual({ detail: "You do not have permission to perform this action." });
    const patched = await ann.call("PATCH", `/api/chat/message/${id}/`, { text: "Hello!" });
    expect(patched).toMatchObject({ status: 200, body: { id, text: "Hello!", is_edited: true } });
    await second.waitFor("message_edited", ({ text }) => text === "Hello!");
  });

  it("the sender and the owner of the group delete; a member does not", async () => {
    const { room, ann, bek } = await createTwo();
    const [first, second] = [await listen(ann, room), await listen(bek, room)];
    const mine = await say(first, "Of the owner");
    const his = await say(second, "Of the member");
    second.send({ type: "message_deleted", id: mine.id });
    expect((await second.waitFor("error")).detail).toContain("permission");
    expect((await bek.call("DELETE", `/api/chat/message/${mine.id}/`)).status).toBe(403);
    expect((await ann.call("DELETE", `/api/chat/message/${his.id}/`)).status).toBe(204);
    expect((await ann.call("DELETE", `/api/chat/message/${his.id}/`)).status).toBe(404);
    expect(await second.waitFor("message_deleted")).toMatchObject({ id: his.id, seq: 3, room });
    const { body } = await bek.call("GET", `/api/chat/message/${room}/list_by_room/`);
    expect([body.count, body.results.map(({ id }: { id: string }) => id)]).toEqual([1, [mine.id]]);
  });

  it("typing and reading are told to the others", async () => {
    const { room, ann, bek } = await createTwo();
    const [first, second] = [await listen(ann, room), await listen(bek, room)];
    const { id } = await say(first, "Read me");
    second.send({ type: "user_typing" });
    second.send({ type: "message_read", id });
    expect(await first.waitFor("user_typing")).toMatchObject({ user: { id: bek.id }, room });
    expect(await first.waitFor("message_read")).toMatchObject({ user: { id: bek.id }, id, room });
  });

  it("a stranger does nothing with a message's id: 404", async () => {
    const { room, ann } = await createTwo();
    const { id } = await say(await listen(ann, room), "Secret");
    const stranger = await createPerson();
    expect((await stranger.call("PATCH", `/api/chat/message/${id}/`, { text: "x" })).status).toBe(404);
    expect((await stranger.call("DELETE", `/api/chat/message/${id}/`)).status).toBe(404);
    expect((await stranger.call("GET", `/api/chat/message/${room}/list_by_room/`)).status).toBe(404);
  });
});

describe("coming back", () => {
  it("since brings messages, edits and deletions in order, then resumed", async () => {
    const { room, ann, bek } = await createTwo();
    const first = await listen(ann, room);
    const sent = [];
    for (const text of ["one", "two", "three"]) sent.push(await say(first, text));
    const [one, two, three] = sent;
    first.send({ type: "message_edited", id: one?.id, message: "ONE" });
    first.send({ type: "message_deleted", id: two?.id });
    await first.waitFor("message_deleted");
    const late = await say(first, "four");
    const back = await listen(bek, room, "?since=2");
    await back.waitFor("resumed");
    expect(back.events.map(({ type, seq, id }) => [type, seq, id])).toEqual([
      ["hello", 6, undefined],
      ["chat_message", 3, three?.id],
      ["message_edited", 4, one?.id],
      ["message_deleted", 5, two?.id],
      ["chat_message", 6, late.id],
      ["resumed", 6, undefined],
    ]);
  });

  it("a position that the room has not reached is resync", async () => {
    const { room, ann } = await createTwo();
    const socket = await listen(ann, room, "?since=99");
    expect(await socket.waitFor("resync")).toMatchObject({ seq: 0 });
  });

  it("a resume brings what came before the socket was opened, and nothing twice", async () => {
    const { room, ann, bek } = await createTwo();
    const first = await listen(ann, room);
    await say(first, "one");
    await say(first, "two");
    const back = await listen(bek, room);
    await say(first, "three");
    await back.waitFor("chat_message");
    back.send({ type: "resume", since: 1 });
    await back.waitFor("resumed");
    expect(back.events.filter(({ type }) => type === "chat_message").map(({ message }) => message)).toEqual([
      "three",
      "two",
    ]);
  });
});
