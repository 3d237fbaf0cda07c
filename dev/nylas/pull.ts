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

/** The answer to a pulled request, as `POST /__pull/{id}` takes it; `body` is plain UTF-8 text. */
export interface PulledAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface PullMount {
  fetch(request: Request): Promise<Response>;
}

/**
 * A stand-in for where it cannot reach the Worker by network: its webhooks and challenges wait to be pulled.
 * `GET /__pull?wait=<ms>` ticks and returns those not pulled yet as `PulledRequest[]`, at once if there are any;
 * `POST /__pull/{id}` settles one with a `PulledAnswer`. Both take the control token.
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
    // The attempt is booked in the microtasks that follow; whoever pulls next must see it so.
    await setImmediate();
    return Response.json({});
  }

  return {
    async fetch(foreign) {
      const request = await ownRequest(foreign);
      const url = new URL(request.url);
      const [, root, id] = url.pathname.split("/");
      // A Worker's runtime in between compresses by itself, and would do so twice.
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
