import { IntermediatePacketCodec, ObfuscatedPacketCodec, PaddedIntermediatePacketCodec } from "@mtcute/core";
import { afterEach, describe, expect, it } from "vitest";
import { type DataCentre, startDataCentre } from "../../../dev/telegram/server.ts";
import { type Call, type Handler, RpcError } from "../../../dev/telegram/wire/handler.ts";
import { createRsaKey } from "../../../dev/telegram/wire/key.ts";
import { Keys } from "../../../dev/telegram/wire/keys.ts";
import { createClient, refusalOf } from "./mtproto-client.ts";

const rsa = createRsaKey();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
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

const NEAREST = { _: "nearestDc", country: "UZ", thisDc: 2, nearestDc: 2 } as const;
const nearest = async () => NEAREST;

describe("mtcute's client", () => {
  it("gets a key, and an answer", async () => {
    const { dc, keys } = await start(nearest);
    const { call } = connect(dc);
    expect(await call({ _: "help.getNearestDc" })).toEqual(NEAREST);
    expect(keys.snapshot()).toEqual([
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
    expect(again.snapshot()).toHaveLength(1);
  });
});
