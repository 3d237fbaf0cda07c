import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { ConnectionReset } from "./http/errors.ts";
import type { NylasSim } from "./sim.ts";

const TICK = 100;

export interface Served {
  port: number;
  close(): Promise<void>;
}

/** Serves the stand-in on a port (0: any free one) and ticks it ten times a second. */
export async function serve(
  sim: Pick<NylasSim, "fetch" | "tick">,
  { port, host = "127.0.0.1" }: { port: number; host?: string },
): Promise<Served> {
  const server = createServer((incoming, outgoing) => {
    answer(sim, incoming, outgoing).catch((error: unknown) => {
      // Do not log disconnected clients and requested resets.
      if (!outgoing.destroyed && !(error instanceof ConnectionReset)) console.error(error);
      outgoing.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  const ticking = setInterval(() => void sim.tick().catch(console.error), TICK);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve, reject) => {
        clearInterval(ticking);
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function answer(
  sim: Pick<NylasSim, "fetch">,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  const response = await sim.fetch(requestFrom(incoming, gone.signal));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (response.body) await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
  else outgoing.end();
}

function requestFrom(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", headers, url = "/" } = incoming;
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  const hasBody = method !== "GET" && method !== "HEAD";
  const init = { method, headers: pairs, signal };
  const target = new URL(url, `http://${headers.host ?? "localhost"}`);
  if (!hasBody) return new Request(target, init);
  return new Request(target, { ...init, body: Readable.toWeb(incoming), duplex: "half" } as RequestInit);
}
