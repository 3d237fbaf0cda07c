import { describe, expect, it } from "vitest";
import { type Identity, keyOf } from "../../src/mailbox/sync/identity.ts";

const mail: Identity = {
  internetMessageId: "1@demo.example",
  date: "Mon, 06 Jul 2026 10:00:00 +0000",
  from: "ann@demo.example",
  size: 1000,
};

const isSame = async (changes: Partial<Identity>, of: Identity = mail): Promise<boolean> =>
  (await keyOf({ ...of, ...changes })) === (await keyOf(of));

describe("a message is the same", () => {
  it.each<[string, Partial<Identity>]>([
    ["with lines that a server has added", { size: 1100 }],
    ["with its date in another zone", { date: "Mon, 6 Jul 2026 12:00:00 +0200 (CEST)" }],
    ["with its sender in capitals", { from: "Ann@Demo.Example" }],
  ])("%s", async (_, changes) => expect(await isSame(changes)).toBe(true));

  it("if the server says so, whatever it has", async () => {
    const known = { ...mail, emailId: "M1" };
    expect(await isSame({ internetMessageId: "", date: "", from: "", size: 1 }, known)).toBe(true);
  });
});

describe("a message is another", () => {
  it.each<[string, Partial<Identity>]>([
    ["with another Message-ID", { internetMessageId: "2@demo.example" }],
    ["with another date", { date: "Mon, 06 Jul 2026 10:00:01 +0000" }],
    ["with another sender", { from: "bob@demo.example" }],
    ["with an id of the server", { emailId: "M1" }],
  ])("%s", async (_, changes) => expect(await isSame(changes)).toBe(false));

  it("without a Message-ID, if its size differs", async () => {
    expect(await isSame({ size: 1001 }, { ...mail, internetMessageId: "" })).toBe(false);
  });

  it("with a date that is none, if it is written differently", async () => {
    expect(await isSame({ date: "tomorrow" }, { ...mail, date: "yesterday" })).toBe(false);
  });
});

it("no field runs into the next", async () => {
  expect(
    await isSame({ internetMessageId: '1","x', from: "" }, { ...mail, internetMessageId: "1", from: "x" }),
  ).toBe(false);
});
