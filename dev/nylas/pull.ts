import { setImmediate } from "node:timers/promises";
import { ownRequest } from "./http/foreign-request.ts";
import type { SimOptions } from "./sim.ts";
import { createNylasSim } from "./sim.ts";

const POLL = 20;

export interface PulledRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  /** Base64; empty for a challenge. */
  body: string;
}

/** The response to a pulled request, for `POST /__pull/{id}`. `body` is plain text. */
export interface PulledAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface PullMount {
  fetch(request: Request): Promise<Response>;
}

/**
 * A stand-in that cannot reach the Worker over the network, so its requests wait to be pulled. Both routes take the
 * control token.
 * - `GET /__pull?wait=<ms>` ticks and returns new requests as `PulledRequest[]`, as soon as there are any.
 * - `POST /__pull/{id}` passes the response in as a `PulledAnswer`.
 */
export function createPullMount(options: Omit<SimOptions, "deliver" | "awaitDeliveries">): PullMount {
  const unpulled: { id: string; request: Request }[] = [];
  const unanswered = new Map<string, (answer: Response) => void>();
  let lastId = 0;

  function deliver(request: Request): Promise<Response> {
    const id = `pull-${++lastId}`;
    unpulled.push({ id, request });
    request.signal.addEventListener("abort", () => {
      unanswered.delete(id);
      const index = unpulled.findIndex((queued) => queued.id === id);
      if (index !== -1) unpulled.splice(index, 1);
    });
    return new Promise((resolve) => unanswered.set(id, resolve));
  }

  const sim = createNylasSim({ ...options, deliver, awaitDeliveries: false });

  async function pull(wait: number): Promise<Response> {
    const deadline = Date.now() + wait;
    await sim.tick();
    while (unpulled.length === 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL));
      await sim.tick();
    }
    return Response.json(await Promise.all(unpulled.splice(0).map(pulledRequest)));
  }

  async function settle(id: string, request: Request): Promise<Response> {
    const resolve = unanswered.get(id);
    if (!resolve) return Response.json({ error: "not waiting for an answer" }, { status: 404 });
    const { status, headers = {}, body } = (await request.json()) as PulledAnswer;
    unanswered.delete(id);
    resolve(new Response(body || null, { status, headers }));
    // The attempt is recorded in later microtasks. The next pull must see the result.
    await setImmediate();
    return Response.json({});
  }

  return {
    async fetch(foreign) {
      const request = await ownRequest(foreign);
      const url = new URL(request.url);
      const [, root, id] = url.pathname.split("/");
      // The Workers runtime compresses responses itself. Avoid compressing twice.
      request.headers.delete("accept-encoding");
      if (root !== "__pull" || options.controlToken === undefined) return sim.fetch(request);
      if (request.headers.get("authorization") !== `Bearer ${options.controlToken}`) {
        return Response.json({ error: "wrong control token" }, { status: 401 });
      }
      return id === undefined ? pull(Number(url.searchParams.get("wait") ?? 0)) : settle(id, request);
    },
  };
}

async function pulledRequest({ id, request }: { id: string; request: Request }): Promise<PulledRequest> {
  const { method, url, headers } = request;
  const body = Buffer.from(await request.arrayBuffer()).toString("base64");
  return { id, method, url, headers: Object.fromEntries(headers), body };
}
