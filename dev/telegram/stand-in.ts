import { createControl } from "./control.ts";
import { type DataCentre, startDataCentre } from "./server.ts";
import { createRsaKey, readRsaKey } from "./wire/key.ts";
import { Keys, type SavedKey } from "./wire/keys.ts";
import { createHandler } from "./world/handler.ts";
import type { WorldSnapshot } from "./world/state.ts";
import { World } from "./world/world.ts";

/** The world, and the keys that clients have kept. */
export interface TelegramSnapshot {
  world: WorldSnapshot;
  keys: SavedKey[];
  /** PEM, PKCS #8. */
  privateKey: string;
}

export interface TelegramStandIn {
  /** The host and port of data centre 2, where clients begin. */
  dc: string;
  /** PEM. */
  publicKey: string;
  world: World;
  /** Answers the control API, and the page for people. */
  fetch(request: Request): Promise<Response>;
  snapshot(): TelegramSnapshot;
  close(): Promise<void>;
}

const DATA_CENTRES = [2, 4] as const;

/**
 * Starts two data centres of Telegram with one world behind them. They do not keep the process alive.
 * @param options.snapshot what to go on from; else the world is empty
 * @param options.ports of the data centres; free ones if absent
 */
export async function startTelegramStandIn(
  options: { snapshot?: TelegramSnapshot; ports?: Record<(typeof DATA_CENTRES)[number], number> } = {},
): Promise<TelegramStandIn> {
  const { snapshot, ports } = options;
  const rsa = snapshot ? readRsaKey(snapshot.privateKey) : createRsaKey();
  const keys = new Keys(snapshot?.keys);
  const world = new World({ snapshot: snapshot?.world, keys: keys.all() });
  const centres: DataCentre[] = [];
  const handler = createHandler(world, () => centres);
  for (const id of DATA_CENTRES) {
    centres.push(await startDataCentre({ id, handler, keys, rsa, ...(ports && { port: ports[id] }) }));
  }
  let isDown = false;
  const control = createControl(world, async (wanted) => {
    if (wanted === isDown) return;
    isDown = wanted;
    await Promise.all(centres.map((centre) => (isDown ? centre.stop() : centre.resume())));
  });
  const [first] = centres;
  return {
    dc: `${first!.host}:${first!.port}`,
    publicKey: rsa.publicKey,
    world,
    fetch: async (request) => control.fetch(request),
    snapshot: () => ({
      world: world.snapshot(),
      keys: keys.snapshot(),
      privateKey: rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    }),
    close: async () => {
      await Promise.all(centres.map((centre) => centre.close()));
    },
  };
}
