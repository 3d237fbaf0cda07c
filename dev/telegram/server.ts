import { type AddressInfo, createServer } from "node:net";
import type { tl } from "@mtcute/core";
import { Connection, type Shared } from "./wire/connection.ts";
import type { AuthKey, Handler } from "./wire/handler.ts";
import type { RsaKey } from "./wire/key.ts";
import type { Keys } from "./wire/keys.ts";

export interface DataCentre {
  id: number;
  host: string;
  port: number;
  /** Its connections are cut, and new ones are refused, until it resumes. */
  stop(): Promise<void>;
  resume(): Promise<void>;
  /** Tells a signed-in client something that it did not ask for. */
  push(key: AuthKey, updates: tl.TypeUpdates): void;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
let connections = 0;

/**
 * Starts a data centre of Telegram: MTProto 2.0 over TCP. It does not keep the process alive.
 * @param options.port a free one if absent
 * @param options.clock gives milliseconds since the epoch
 */
export async function startDataCentre(options: {
  id: number;
  port?: number;
  handler: Handler;
  keys: Keys;
  rsa: RsaKey;
  clock?: () => number;
}): Promise<DataCentre> {
  const { id, handler, keys, rsa, clock = Date.now } = options;
  const shared: Shared = { dc: id, handler, keys, rsa, now: clock };
  const open = new Set<Connection>();
  const server = createServer((socket) => {
    connections += 1;
    const connection = new Connection(socket, shared, connections);
    open.add(connection);
    socket.unref();
    socket.once("close", () => open.delete(connection));
  });
  server.unref();

  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, HOST, () => {
        server.off("error", reject);
        resolve();
      });
    });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const connection of open) connection.cut();
    });

  await listen(options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return {
    id,
    host: HOST,
    port,
    stop,
    resume: () => listen(port),
    push: (key, updates) => {
      for (const connection of open) connection.push(key, updates);
    },
    close: stop,
  };
}
