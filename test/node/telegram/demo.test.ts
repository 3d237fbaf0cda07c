import { expect, it } from "vitest";
import { DEMO_PASSWORD, DEMO_PHONES, fillDemoWorld } from "../../../dev/telegram/demo.ts";
import { World } from "../../../dev/telegram/world/world.ts";

it("the demo has ten groups of one account and eight of the other, fifteen together", () => {
  const world = new World();
  fillDemoWorld(world);
  const groups = [...world.chats.values()].filter(
    ({ kind, migratedTo }) => migratedTo === null && (kind === "group" || kind === "supergroup"),
  );
  const [first, second] = DEMO_PHONES.map((phone) => groups.filter(({ members }) => members[phone]));
  expect([groups.length, first?.length, second?.length]).toEqual([15, 10, 8]);
  expect(world.accounts.get(DEMO_PHONES[1])?.password).toBe(DEMO_PASSWORD);
});

it("a world goes on from its snapshot, through JSON, with the random ids it has taken", () => {
  const world = new World();
  fillDemoWorld(world);
  const [account] = world.accounts.values();
  const [chat] = world.chats.values();
  world.post(chat!, { phone: account!.phone, text: "Yuk bor", randomId: "77", mediumId: null });
  const snapshot = JSON.parse(JSON.stringify(world.snapshot()));
  const restored = new World({ snapshot });
  expect(restored.snapshot()).toEqual(world.snapshot());
  expect(restored.hasPosted(account!, "77")).toBe(true);
  expect(restored.accessHash(account!, 5)).toEqual(world.accessHash(account!, 5));
  restored.addUser({ phone: "998900000001" });
  expect(new Set([...restored.accounts.values()].map(({ id }) => id)).size).toBe(3);
});
