import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What happens to one connection. Offsets count the bytes of what the server answers. */
export interface Fate {
  /** The connection is cut after this many bytes. */
  cutAt?: number;
  /** After this many bytes nothing comes any more, and the connection stays open. */
  stallAt?: number;
  /** Each piece is at most this long, and comes this many milliseconds later. */
  pieces?: { bytes: number; milliseconds: number };
  /** Called with the length of each piece that the server answers. */
  onBytes?(length: number): void;
}

export interface TcpProxy {
  url: string;
  /** How many connections it has taken. */
  taken(): number;
  /** Cuts all connections. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * Starts a TCP proxy in front of a server.
 * @param fateOf decides what happens to the nth connection, from 0; null refuses it
 */
export async function startProxy(target: string, fateOf: (nth: number) => Fate | null): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let taken = 0;
  const proxy = createServer((client) => {
    const fate = fateOf(taken++);
    if (!fate) return void client.destroy();
    const server = connect(Number(port), hostname);
    const end = () => {
      for (const socket of [client, server]) {
        socket.destroy();
        sockets.delete(socket);
      }
    };
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", end);
    }
    client.on("close", end);
    client.pipe(server);
    void answer(server, client, fate).then(end, end);
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    taken: () => taken,
    cut,
    close: async () => {
      cut();
      await once(proxy.close(), "close");
    },
  };
}

/** Passes on what the server answers, until the connection is to be cut. */
async function answer(
  server: Socket,
  client: Socket,
  { cutAt, stallAt, pieces, onBytes }: Fate,
): Promise<void> {
  let passed = 0;
  const last = Math.min(cutAt ?? Infinity, stallAt ?? Infinity);
  for await (const chunk of server as AsyncIterable<Buffer>) {
    onBytes?.(chunk.length);
    const allowed = chunk.subarray(0, Math.max(0, last - passed));
    const step = pieces?.bytes ?? (allowed.length || 1);
    for (let start = 0; start < allowed.length; start += step) {
      if (pieces) await sleep(pieces.milliseconds);
      client.write(allowed.subarray(start, start + step));
    }
    passed += allowed.length;
    if (passed < last) continue;
    if (stallAt !== last) return;
    await once(client, "close");
  }
}
