import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { PGlite } from "@electric-sql/pglite";

/** A PostgreSQL that speaks its wire protocol on a port, one client at a time. */
export interface Pglite {
  url: string;
  run(sql: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts an empty PostgreSQL in this process. */
export async function startPglite(): Promise<Pglite> {
  const db = await PGlite.create();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    let received = Buffer.alloc(0);
    let isStarted = false;
    let working: Promise<void> = Promise.resolve();
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      // A message is its type, except for the first, and its length, which includes itself.
      for (;;) {
        const head = isStarted ? 1 : 0;
        if (received.length < head + 4) break;
        const end = head + received.readUInt32BE(head);
        if (received.length < end) break;
        const message = received.subarray(0, end);
        received = received.subarray(end);
        isStarted = true;
        working = working.then(async () => {
          const answer = await db.execProtocolRaw(message);
          if (!socket.destroyed) socket.write(answer);
        });
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    run: async (sql) => {
      await db.exec(sql);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await db.close();
    },
  };
}
