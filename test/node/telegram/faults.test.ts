import { Long } from "@mtcute/core";
import { describe, expect, it } from "vitest";
import type { Fault } from "../../../dev/telegram/contract.ts";
import { Disturbance } from "../../../dev/telegram/wire/handler.ts";
import { markedId } from "../../../dev/telegram/world/state.ts";
import { createWorld, refusalOf, signIn } from "./client.ts";

const stage = createWorld();
const { world, handler } = stage;

type Person = Awaited<ReturnType<typeof signIn>>;

let lastRandomId = 0;

/** A person with two groups, each of which they can post into. */
async function poster() {
  const person = await signIn(stage);
  const [one, two] = ["Logistika", "Yuk"].map((title) =>
    world.addChat({ title, kind: "group", members: [person.phone] }),
  );
  const post = (chat = one!) =>
    person.call("messages.sendMessage", {
      peer: { _: "inputPeerChat", chatId: chat.id },
      ...{ message: "Yuk bor", randomId: Long.fromNumber(++lastRandomId) },
    });
  return { person, one: one!, two: two!, post };
}

const plan = (person: Person, fault: Fault) => world.faults.plan({ phone: person.phone, ...fault });

const outcome = (answer: Promise<unknown>) =>
  answer.then(
    () => "done",
    (error: Error) => error.message,
  );

describe("a fault", () => {
  it("is an answer in place of the call, once", async () => {
    const { person, one, post } = await poster();
    plan(person, { method: "messages.sendMessage", error: [420, "FLOOD_WAIT_30"] });
    expect(await refusalOf(post())).toBe("420 FLOOD_WAIT_30");
    expect(one.messages).toEqual([]);
    await post();
    expect(one.messages).toHaveLength(1);
  });

  it("waits for the calls that are to pass, and happens so often", async () => {
    const { person, post } = await poster();
    plan(person, { method: "messages.sendMessage", skip: 1, times: 2, error: [400, "PEER_FLOOD"] });
    const outcomes = [];
    for (let at = 0; at < 5; at++) outcomes.push(await outcome(post()));
    expect(outcomes).toEqual(["done", "PEER_FLOOD", "PEER_FLOOD", "done", "done"]);
  });

  it("that is for always lasts until it is cleared, and other phones have none", async () => {
    const [{ person, post }, other] = [await poster(), await poster()];
    plan(person, { times: 0, error: [500, "INTERNAL"] });
    for (let at = 0; at < 3; at++) expect(await refusalOf(post())).toBe("500 INTERNAL");
    await other.post();
    world.faults.clear(other.person.phone);
    expect(await refusalOf(post())).toBe("500 INTERNAL");
    world.faults.clear(person.phone);
    await post();
  });

  it("of a chat leaves the others alone", async () => {
    const { person, one, two, post } = await poster();
    plan(person, { chat: markedId(two), times: 0, error: [403, "CHAT_WRITE_FORBIDDEN"] });
    await post(one);
    expect(await refusalOf(post(two))).toBe("403 CHAT_WRITE_FORBIDDEN");
    expect(await person.call("updates.getState", {})).toMatchObject({ _: "updates.state" });
  });

  it("of no probability never happens", async () => {
    const { person, post } = await poster();
    plan(person, { times: 0, probability: 0, error: [500, "INTERNAL"] });
    for (let at = 0; at < 20; at++) await post();
  });

  it.each([
    [{ isLost: true }, "disturbed: instead", 1],
    [{ cut: "before" }, "disturbed: instead", 0],
    [{ isSilent: true }, "disturbed: after 0 ms", 1],
    [{ effect: "bad-salt" }, "disturbed: bad-salt", 0],
    [{ effect: "forget-key" }, "disturbed: forget-key", 0],
    [{ effect: "updates" }, "disturbed: updates", 1],
    [{ delayMs: 40 }, "disturbed: after 40 ms", 1],
  ] satisfies [Fault, string, number][])(
    "of %j is left to the wire, and the post is done as it says",
    async (fault, said, posts) => {
      const { person, one, post } = await poster();
      plan(person, fault);
      expect(await outcome(post())).toBe(said);
      expect(one.messages).toHaveLength(posts);
    },
  );

  it("of a login is found by the phone that it names", async () => {
    const { phone } = world.addUser({ phone: "998939999999" });
    const client = stage.connect();
    world.faults.plan({ phone, method: "auth.sendCode", error: [420, "FLOOD_WAIT_300"] });
    const asked = client.call("auth.sendCode", {
      ...{ phoneNumber: `+${phone}`, apiId: 1, apiHash: "hash", settings: { _: "codeSettings" } },
    });
    expect(await refusalOf(asked)).toBe("420 FLOOD_WAIT_300");
    expect(world.accounts.get(phone)?.codesSent).toBe(0);
  });

  it("of a connection happens to no call", async () => {
    const { person, post } = await poster();
    plan(person, { method: "connect", cut: "before" });
    await post();
    const connection = { key: person.key, connection: 1, dc: 2 };
    expect(handler.connect?.(connection)).toEqual(new Disturbance({ cut: "instead" }));
    expect(handler.connect?.(connection)).toBeUndefined();
  });
});
