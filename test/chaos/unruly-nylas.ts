import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { app } from "../../src/app.ts";
import { control, type PulledRequest } from "../support/nylas.ts";
import { execution } from "./queue.ts";

/** Each test file has a stand-in of its own: its clock, faults and notifications are nobody else's. */
function origin(): string {
  const [file = ""] = /[\w-]+(?=\.test\.ts$)/.exec(expect.getState().testPath ?? "") ?? [];
  return `https://${file}.chaos.nylas.test`;
}

/** The stand-in of the running test file. */
export const nylas = {
  get vars() {
    return { NYLAS_API_URI: origin() };
  },
  control: <T = unknown>(method: string, path: string, body?: unknown) =>
    control(method, path, body, origin()) as Promise<T>,
  /** An API call, as another client of the mailbox would make it. It may fail too. */
  api: async (method: string, path: string, body?: unknown): Promise<void> => {
    const request = {
      method,
      headers: { authorization: `Bearer ${env.NYLAS_API_KEY}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(1000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    await fetch(`${origin()}${path}`, request)
      .then((response) => response.arrayBuffer())
      .catch(() => {});
  },
};

/** Injects faults at random. A setting that is absent never happens. */
export const CHAOS = {
  webhooks: {
    ...{
      duplicate: 0.1,
      duplicateNewId: 0.1,
      reorder: 0.2,
      delay: 0.05,
      drop: 0.05,
      // Two to four hours, when sweeps no longer cover it.
      delaySeconds: 14_400,
      updatedBeforeCreated: 0.1,
    },
    ...{ unknownField: 0.1, unknownTrigger: 0.02, missingFields: 0.05, metadata: 0.03, transformed: 0.05 },
    ...{ cleaned: 0.03, mistyped: 0.05, badSignature: 0.03 },
  },
  mistyped: 0.05,
  api: {
    "/grants/": {
      ...{ "500": 0.03, "502html": 0.03, "503": 0.02, "429": 0.02, "404-once": 0.02, "short-page": 0.2 },
      ...{ hang: 0.01, "hang-body": 0.01, "cut-body": 0.02, reset: 0.02, hangMs: 20 },
    },
  },
};

/**
 * Delivers the stand-in's notifications to the webhook route.
 * @param isLost selects trigger types whose notifications are lost although they count as delivered
 * @returns the number of requests
 */
export async function deliver(worker: Env, isLost: (type: string) => boolean = () => false): Promise<number> {
  const requests = await nylas.control<PulledRequest[]>("GET", "/__pull");
  for (const { id, method, url, headers, body } of requests) {
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    const type = /"type":\s*"(message\.[a-z]+)/.exec(new TextDecoder().decode(bytes))?.[1] ?? "";
    if (isLost(type)) {
      await nylas.control("POST", `/__pull/${id}`, { status: 200, body: "" });
      continue;
    }
    const response = await app.fetch(new Request(url, { method, headers, body: bytes }), worker, execution);
    await nylas.control("POST", `/__pull/${id}`, { status: response.status, body: await response.text() });
  }
  return requests.length;
}
