import { IntermediatePacketCodec, ObfuscatedPacketCodec, PaddedIntermediatePacketCodec } from "@mtcute/core";
import { afterAll, describe, expect, it } from "vitest";
import { type DataCentre, startDataCentre } from "../../../dev/telegram/server.ts";
import { type Call, Disturbance, type Handler, RpcError } from "../../../dev/telegram/wire/handler.ts";
import { createRsaKey } from "../../../dev/telegram/wire/key.ts";
import { Keys } from "../../../dev/telegram/wire/keys.ts";
import { createClient, refusalOf } from "./mtproto-client.ts";

// mtcute waits a second before its first call: the tests wait together.
const rsa = createRsaKey();
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A data centre whose only knowledge is which country is nearest. */
async function start(handle: (call: Call, count: number) => ReturnType<Handler["call"]>) {
  const keys = new Keys();
  const calls: Call[] = [];
  const handler: Handler = {
    call: async (call) => {
      calls.push(call);
      return handle(call, calls.length);
    },
  };
  const dc = await startDataCentre({ id: 2, handler, keys, rsa });
  closing.push(dc.close);
  return { dc, keys, calls };
}

function connect(dc: DataCentre, options: Parameters<typeof createClient>[2] = {}) {
  const client = createClient(dc, rsa.publicKey, options);
  closing.push(client.close);
  return client;
}

/** On a busy machine a client gives up an exchange of keys, and begins another. */
const used = (keys: Keys) => [...keys.all()].filter(({ most }) => most > 0);

const NEAREST = { _: "nearestDc", country: "UZ", thisDc: 2, nearestDc: 2 } as const;
const nearest = async () => NEAREST;

describe.concurrent("mtcute's client", () => {
  it("gets a key, and an answer", async () => {
    const { dc, keys } = await start(nearest);
    const { call } = connect(dc);
    expect(await call({ _: "help.getNearestDc" })).toEqual(NEAREST);
    expect(used(keys)).toEqual([
      expect.objectContaining({ dc: 2, layer: 227, deviceModel: "mtcute on test" }),
    ]);
  });

  it.each([
    ["intermediate", () => new IntermediatePacketCodec()],
    ["padded intermediate", () => new PaddedIntermediatePacketCodec()],
    ["obfuscated padded intermediate", () => new ObfuscatedPacketCodec(new PaddedIntermediatePacketCodec())],
  ])("speaks through the %s transport", async (_, codec) => {
    const { dc } = await start(nearest);
    expect(await connect(dc, { codec }).call({ _: "help.getNearestDc" })).toEqual(NEAREST);
  });

  it("reads a refusal", async () => {
    const { dc } = await start(async () => {
      throw new RpcError(420, "FLOOD_WAIT_30");
    });
    expect(await refusalOf(connect(dc).call({ _: "help.getNearestDc" }))).toBe("420 FLOOD_WAIT_%d");
  });

  it("uses its key again after a restart of both", async () => {
    const { dc, keys } = await start(nearest);
    const first = connect(dc);
    await first.call({ _: "help.getNearestDc" });
    await first.close();
    await dc.close();
    const again = new Keys(JSON.parse(JSON.stringify(keys.snapshot())));
    const later = await startDataCentre({ id: 2, handler: { call: nearest }, keys: again, rsa });
    closing.push(later.close);
    expect(await connect(later, { storage: first.storage }).call({ _: "help.getNearestDc" })).toEqual(
      NEAREST,
    );
    expect(again.snapshot()).toEqual(keys.snapshot());
  });
});

describe.concurrent("a key on two connections at a time", () => {
  it("is refused on both, and then forgotten", async () => {
    const { dc, keys } = await start(nearest);
    const first = connect(dc);
    await first.call({ _: "help.getNearestDc" });
    const second = connect(dc, { storage: first.storage });
    expect(await refusalOf(second.call({ _: "help.getNearestDc" }))).toBe("406 AUTH_KEY_DUPLICATED");
    expect(await refusalOf(first.call({ _: "help.getNearestDc" }))).toBe("406 AUTH_KEY_DUPLICATED");
    expect(used(keys)).toEqual([expect.objectContaining({ isForgotten: true, open: 2, most: 2 })]);
    const [forgotten] = used(keys);
    expect(new Keys(keys.snapshot()).find(2, forgotten!.id)).toBeUndefined();
  });

  it("is none when the client has closed the first one", async () => {
    const { dc, keys } = await start(nearest);
    const first = connect(dc);
    await first.call({ _: "help.getNearestDc" });
    await first.close();
    const second = connect(dc, { storage: first.storage });
    expect(await second.call({ _: "help.getNearestDc" })).toEqual(NEAREST);
    expect(used(keys)).toEqual([expect.objectContaining({ isForgotten: false, open: 1, most: 1 })]);
  });
});

/** Disturbs the first call; later ones are answered. */
const disturbed = (what: ConstructorParameters<typeof Disturbance>[0]) =>
  start(async (_, count) => (count === 1 ? new Disturbance(what) : NEAREST));

describe.concurrent("a client gets its answer", () => {
  it.each([
    ["late", { reply: NEAREST, delayMs: 50 }, 1],
    ["after updates that it did not ask for", { reply: NEAREST, effect: "updates" }, 1],
    ["by its second call, when the connection was cut in place of the answer", { cut: "instead" }, 2],
    [
      "by its second call, when the connection was cut within the answer",
      { reply: NEAREST, cut: "within" },
      2,
    ],
    ["by its second call, after another salt", { effect: "bad-salt" }, 2],
    ["by its second call, when the clock was off", { effect: "clock" }, 2],
    ["by its second call, after what it cannot read", { reply: NEAREST, effect: "unknown-constructor" }, 2],
  ] as const)("%s", async (_, what, expected) => {
    const { dc, keys, calls } = await disturbed(what);
    const { call } = connect(dc);
    expect(await call({ _: "help.getNearestDc" })).toEqual(NEAREST);
    expect(calls).toHaveLength(expected);
    expect(used(keys)).toEqual([expect.objectContaining({ most: 1, open: 1 })]);
  });

  it("with a new key, when the data centre has forgotten its own", async () => {
    const { dc, keys } = await disturbed({ effect: "forget-key" });
    expect(await connect(dc).call({ _: "help.getNearestDc" })).toEqual(NEAREST);
    expect(used(keys).map(({ isForgotten }) => isForgotten)).toEqual([true, false]);
  });

  it("after the data centre was down", async () => {
    const { dc } = await start(nearest);
    const { call } = connect(dc);
    await call({ _: "help.getNearestDc" });
    await dc.stop();
    const answer = call({ _: "help.getNearestDc" });
    await dc.resume();
    expect(await answer).toEqual(NEAREST);
  });

  it.each([
    ["cut", { cut: "instead" }],
    ["slow", { delayMs: 50 }],
    ["of a clock that is off", { effect: "clock" }],
  ] as const)("though its first connection is %s", async (_, what) => {
    const keys = new Keys();
    const connections: number[] = [];
    const handler: Handler = {
      call: nearest,
      connect: ({ connection }) => {
        connections.push(connection);
        return connections.length === 1 ? new Disturbance(what) : undefined;
      },
    };
    const dc = await startDataCentre({ id: 2, handler, keys, rsa });
    closing.push(dc.close);
    expect(await connect(dc).call({ _: "help.getNearestDc" })).toEqual(NEAREST);
    expect(used(keys)).toEqual([expect.objectContaining({ open: 1, most: 1 })]);
  });
});

it.concurrent("a silent call is never answered, and the next one is", async () => {
  const { dc, calls } = await disturbed({});
  const { call } = connect(dc);
  let isAnswered = false;
  void call({ _: "help.getNearestDc" }).then(
    () => (isAnswered = true),
    () => {},
  );
  await expect.poll(() => calls.length).toBe(1);
  expect(await call({ _: "help.getNearestDc" })).toEqual(NEAREST);
  expect(isAnswered).toBe(false);
});

it.concurrent("a world that fails is a 500", async () => {
  const { dc } = await start(async () => {
    throw new Error("a bug");
  });
  expect(await refusalOf(connect(dc).call({ _: "help.getNearestDc" }))).toBe("500 INTERNAL");
});

it.concurrent("updates reach a client that wants them", async () => {
  const { dc, keys } = await start(nearest);
  const { client, call } = connect(dc, { wantsUpdates: true });
  const seen: string[] = [];
  client.onUpdate.add(({ _ }) => void seen.push(_));
  await call({ _: "help.getNearestDc" });
  for (const key of keys.all()) dc.push(key, { _: "updatesTooLong" });
  await expect.poll(() => seen).toContain("updatesTooLong");
});
