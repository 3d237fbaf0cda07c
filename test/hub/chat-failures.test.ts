import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ring, ringAgain } from "../../src/hub/chat/objects.ts";
import {
  type ChatEvent,
  type ChatSocket,
  createRoom,
  listen,
  openSocket,
  roomOf,
  say,
} from "../support/chat.ts";
import { createFile, createThree, pass, startClock, textsOf } from "../support/chat-world.ts";
import { createPerson, hubContext, hubDb, type Person } from "../support/hub-client.ts";
import { failNth, InjectedFault, meddle } from "../support/hub-faults.ts";
import { silenceLog } from "../support/log-check.ts";
import { waitFor } from "../support/wait.ts";

beforeEach(() => {
  silenceLog();
  startClock();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Removes somebody. @returns the room's version, for a ring that is still to come */
async function remove(room: string, { id }: Person): Promise<number> {
  await hubDb.prepare("DELETE FROM hub_room_members WHERE room_id = ? AND user_id = ?").bind(room, id).run();
  const version = await hubDb
    .prepare("SELECT version FROM hub_rooms WHERE id = ?")
    .bind(room)
    .first("version");
  return Number(version);
}

/** No call reaches the room, and no job the queue. */
async function ringInVain(room: string, user: Person, version: number): Promise<void> {
  const send = vi.spyOn(env.HUB_JOBS, "send").mockRejectedValue(new InjectedFault("queue"));
  const stub = vi.spyOn(env.CHAT_ROOM, "getByName").mockImplementation(() => {
    throw new InjectedFault("room");
  });
  await ring(hubContext(), room, { version, users: [user.id] });
  expect(send).toHaveBeenCalledTimes(1);
  for (const spy of [send, stub]) spy.mockRestore();
}

describe("a ring is lost", () => {
  const DELIVERIES = {
    message: ({ first }: Scene) => say(first, "late"),
    typing: async ({ first }: Scene) => first.send({ type: "user_typing" }),
    reading: async ({ first, id }: Scene) => first.send({ type: "message_read", id }),
    "edit by HTTP": ({ ann, id }: Scene) => ann.call("PATCH", `/api/chat/message/${id}/`, { text: "new" }),
    "deletion by HTTP": ({ ann, id }: Scene) => ann.call("DELETE", `/api/chat/message/${id}/`),
    clearing: ({ room }: Scene) => roomOf(room).clear(),
  };
  interface Scene {
    ann: Person;
    room: string;
    first: ChatSocket;
    id: string;
  }

  it.each(Object.keys(DELIVERIES) as (keyof typeof DELIVERIES)[])(
    "31 seconds later a removed member hears no %s, and is closed with 4403",
    async (name) => {
      const { ann, bek, cem, room } = await createThree();
      const [first, second, third] = [
        await listen(ann, room),
        await listen(bek, room),
        await listen(cem, room),
      ];
      const { id } = await say(third, "early");
      await second.waitFor("chat_message");
      await ringInVain(room, bek, await remove(room, bek));
      const before = second.events.length;
      pass(31_000);
      await DELIVERIES[name]({ ann, room, first, id });
      expect(await second.waitForClose()).toBe(4403);
      expect(second.events.length).toBe(before);
      await say(third, "end");
      expect(third.closed).toBeUndefined();
    },
  );

  it("while the database fails, too, others go on, and the check is made a second later", async () => {
    const { ann, bek, room } = await createThree();
    const [first, second] = [await listen(ann, room), await listen(bek, room)];
    await say(first, "early");
    await ringInVain(room, bek, await remove(room, bek));
    pass(31_000);
    failNth(1, "before");
    await say(first, "the check fails");
    vi.restoreAllMocks();
    pass(1_000);
    await say(first, "late");
    expect(await second.waitForClose()).toBe(4403);
    expect(textsOf(second)).not.toContain("late");
  });

  it("of two removals at once the second is made up for, though the first was followed meanwhile", async () => {
    const { ann, bek, cem, room } = await createThree();
    const [first, second, third] = [
      await listen(ann, room),
      await listen(bek, room),
      await listen(cem, room),
    ];
    await say(first, "early");
    const version = await remove(room, bek);
    await ringInVain(room, cem, await remove(room, cem));
    await ring(hubContext(), room, { version, users: [bek.id] });
    expect(await second.waitForClose()).toBe(4403);
    pass(31_000);
    await say(first, "late");
    expect(await third.waitForClose()).toBe(4403);
    expect(textsOf(third)).not.toContain("late");
  });

  it("a ring that fails is a job, and the job closes", async () => {
    const { bek, room } = await createThree();
    const second = await listen(bek, room);
    const version = await remove(room, bek);
    const send = vi.spyOn(env.HUB_JOBS, "send").mockResolvedValue(undefined as never);
    failNth(1, "before");
    await ring(hubContext(), room, { version, users: [bek.id] });
    expect(send).toHaveBeenCalledWith({ type: "ring-room", room, users: [bek.id] }, {});
    vi.restoreAllMocks();
    expect(second.closed).toBeUndefined();
    await ringAgain(hubContext(), { room, users: [bek.id] });
    expect(await second.waitForClose()).toBe(4403);
  });

  it("a block is kept 31 seconds later", async () => {
    const [ann, bek] = [await createPerson(), await createPerson()];
    const room = await createRoom([ann, bek], "private");
    const [first, second] = [await listen(ann, room), await listen(bek, room)];
    await say(first, "early");
    await hubDb.batch([
      hubDb
        .prepare("INSERT INTO hub_blocks (user_id, blocked_id, created_at) VALUES (?, ?, 1)")
        .bind(bek.id, ann.id),
      hubDb.prepare("UPDATE hub_rooms SET version = version + 1 WHERE id = ?").bind(room),
    ]);
    await ringInVain(room, bek, 1);
    pass(31_000);
    first.send({ type: "chat_message", message: "late" });
    expect((await first.waitFor("error")).detail).toContain("permission");
    expect(textsOf(second)).toEqual(["early"]);
  });
});

describe("a removal while somebody comes", () => {
  it("a second socket that was let in by what the database said before does not stay", async () => {
    const { ann, bek, room } = await createThree();
    const [first, second] = [await listen(ann, room), await listen(bek, room)];
    const done = { entering: false, checking: false, admitting: false };
    const until = (step: keyof typeof done) => waitFor(() => expect(done[step]).toBe(true), 5);
    meddle({
      after: async ([query = "", ...more]) => {
        if (query.includes("INTO hub_room_listeners") && !done.entering) {
          done.entering = true;
          await until("checking");
        } else if (query.includes("SELECT version FROM hub_rooms") && more.length > 0) {
          done.checking = true;
          await until("admitting");
        }
      },
    });
    const opening = openSocket(room, "", { authorization: `Bearer ${bek.token}` });
    await until("entering");
    const ringing = ring(hubContext(), room, { version: await remove(room, bek), users: [bek.id] });
    const other = await opening; // it is let in, or refused
    done.admitting = true;
    await ringing;
    expect(await second.waitForClose()).toBe(4403);
    pass(31_000);
    await say(first, "late");
    expect(await other.waitForClose()).toBe(4403);
    expect(textsOf(other)).toEqual([]);
  });
});

it("a client_id that comes again while its message is deleted tells of the deletion", async () => {
  const { ann, room } = await createThree();
  const [first, second] = [await listen(ann, room), await listen(ann, room)];
  const file = await createFile(ann.id);
  const frame = { type: "chat_message", message: "x", files: [file], client_id: "c" };
  first.send(frame);
  const { id } = await first.waitFor("chat_message");
  const done = { finding: false, deleted: false };
  meddle({
    after: async ([query = ""]) => {
      if (!query.includes("FROM hub_chat_files f WHERE")) return;
      done.finding = true;
      await waitFor(() => expect(done.deleted).toBe(true), 5);
    },
  });
  first.send(frame);
  await waitFor(() => expect(done.finding).toBe(true), 5);
  second.send({ type: "message_deleted", id });
  await first.waitFor("message_deleted");
  done.deleted = true;
  expect(await first.waitFor("message_deleted", ({ client_id }) => client_id === "c")).toMatchObject({ id });
  expect(textsOf(first)).toEqual(["x"]);
});

describe("the database fails", () => {
  const MOMENTS = ["before", "after"] as const;

  it.each(MOMENTS)(
    "%s each call of a sign-in: it is closed with 1013, and the next try misses nothing",
    async (moment) => {
      const { ann, bek, room } = await createThree();
      await say(await listen(ann, room), "one");
      for (let nth = 1; ; nth++) {
        const struck = failNth(nth, moment);
        const socket = await openSocket(room, "?since=0", { authorization: `Bearer ${bek.token}` }).catch(
          () => null,
        );
        const call = struck();
        vi.restoreAllMocks();
        if (call === null) {
          await socket?.waitFor("resumed");
          expect(nth).toBeGreaterThan(3);
          break;
        }
        if (socket) expect([call, await socket.waitForClose()]).toEqual([call, 1013]);
        expect(socket?.events ?? []).toEqual([]);
        const again = await listen(bek, room, "?since=0");
        await again.waitFor("resumed");
        expect(textsOf(again)).toEqual(["one"]);
        again.close();
      }
    },
  );

  it.each(MOMENTS)("%s each call of a report: it is made again, once the database works", async (moment) => {
    const { ann, bek, room } = await createThree();
    const first = await listen(ann, room);
    const stub = roomOf(room) as unknown as DurableObjectStub;
    let said = 0;
    for (let nth = 1; ; nth++) {
      const second = await listen(bek, room);
      const { id } = await say(first, `m${++said}`);
      const gone = await say(first, `gone${++said}`);
      first.send({ type: "message_deleted", id: gone.id });
      await second.waitFor("message_deleted", (event) => event.id === gone.id);
      second.send({ type: "message_read", id });
      await first.waitFor("message_read", (event) => event.id === id);
      second.close();
      const struck = failNth(nth, moment);
      expect(await runDurableObjectAlarm(stub)).toBe(true);
      const call = struck();
      vi.restoreAllMocks();
      if (call !== null) expect(await runDurableObjectAlarm(stub)).toBe(true);
      const row = await hubDb
        .prepare(
          `SELECT r.last_seq, r.last_number, r.last_message, m.read_number,
             (SELECT group_concat(number) FROM hub_room_deletions WHERE room_id = r.id) AS deleted
           FROM hub_rooms r JOIN hub_room_members m ON m.room_id = r.id AND m.user_id = ? WHERE r.id = ?`,
        )
        .bind(bek.id, room)
        .first<{ last_message: string }>();
      const deleted = Array.from({ length: said / 2 }, (_, index) => 2 * index + 2).join(",");
      expect({ ...row, last_message: JSON.parse(row!.last_message).text }).toEqual({
        ...{ last_seq: (said / 2) * 3, last_number: said, read_number: said - 1, deleted },
        last_message: `m${said - 1}`,
      });
      if (call === null) break;
    }
  });

  it.each(MOMENTS)(
    "%s each call of a send with a file: it is an error with client_id, and is sent again once",
    async (moment) => {
      const { ann, bek, room } = await createThree();
      const [first, second] = [await listen(ann, room), await listen(bek, room)];
      await say(first, "early");
      const file = await createFile(ann.id);
      for (let nth = 1; ; nth++) {
        pass(31_000);
        const frame = { type: "chat_message", message: `m${nth}`, files: [file], client_id: `c${nth}` };
        const struck = failNth(nth, moment);
        first.send(frame);
        const isAnswer = ({ client_id }: ChatEvent) => client_id === frame.client_id;
        await Promise.any([first.waitFor("error", isAnswer), first.waitFor("chat_message", isAnswer)]);
        const call = struck();
        vi.restoreAllMocks();
        first.send(frame);
        await first.waitFor("chat_message", isAnswer);
        await say(first, `end${nth}`);
        await second.waitFor("chat_message", ({ text }) => text === `end${nth}`);
        expect(textsOf(second).filter((text) => text === frame.message)).toEqual([frame.message]);
        if (call === null) break;
      }
    },
  );
});
