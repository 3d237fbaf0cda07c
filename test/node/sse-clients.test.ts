import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchEventSource } from "@microsoft/fetch-event-source";
import { EventSource } from "eventsource";
import { createEventSource } from "eventsource-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "../../client/index.ts";
import { waitFor } from "../support/wait.ts";
import { type DevServer, freePorts, startDevServer } from "./support/dev-server.ts";
import { receiveMails } from "./support/mail.ts";

// Checks popular SSE clients. Each is used as its README says, and parses every event.

interface Told {
  type?: string;
  message?: string;
  message_id?: string | null;
}

interface Following {
  told: Told[];
  close(): void;
}

const state = mkdtempSync(join(tmpdir(), "xabar-sse-"));
const ports = await freePorts();
let server: DevServer;
const url = () => `${server.url}/sse/events?token=${server.token}`;
const TYPES = ["connected", "message.created", "thread.created", "thread.updated", "resync"];

const clients: Record<string, () => Following> = {
  eventsource: () => {
    const told: Told[] = [];
    const source = new EventSource(url());
    for (const type of TYPES) source.addEventListener(type, ({ data }) => told.push(JSON.parse(data)));
    source.addEventListener("message", () => told.push({ type: "without a name" }));
    return { told, close: () => source.close() };
  },
  "eventsource-client": () => {
    const told: Told[] = [];
    const source = createEventSource({ url: url(), onMessage: ({ data }) => told.push(JSON.parse(data)) });
    return { told, close: () => source.close() };
  },
  "fetch-event-source": () => {
    const told: Told[] = [];
    const ending = new AbortController();
    // The page globals that this client needs.
    Object.assign(globalThis, { window: globalThis, document: { hidden: false, removeEventListener() {} } });
    void fetchEventSource(`${server.url}/sse/events?token=${server.token}`, {
      signal: ending.signal,
      openWhenHidden: true,
      fetch: globalThis.fetch,
      onmessage: ({ data }) => void told.push(JSON.parse(data)),
      // It stops at the stream's end unless this throws. Then it waits for the server's retry time.
      onclose: () => {
        throw new Error("closed");
      },
    });
    return { told, close: () => ending.abort() };
  },
  "xabar/client": () => {
    const told: Told[] = [];
    const ending = new AbortController();
    void createClient({ baseUrl: server.url, token: server.token }).events({
      signal: ending.signal,
      onEvent: (event) => void told.push(event),
      // It hands on no `connected`, but tells its first time.
      onState: (next) => {
        if (next === "live" && told.length === 0) told.push({ message: "connected" });
      },
    });
    return { told, close: () => ending.abort() };
  },
};

beforeAll(async () => {
  server = await startDevServer(state, ports);
});

afterAll(async () => {
  try {
    await server?.stop();
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});

test("every client gets each event once, in order, across silence and a server restart", async () => {
  const following = Object.entries(clients).map(([name, follow]) => ({ name, ...follow() }));
  const created = ({ told }: Following) =>
    told.flatMap(({ type, message_id }) => (type === "message.created" ? [message_id] : []));
  try {
    await waitFor(() => {
      for (const { name, told } of following)
        expect(told, name).toEqual([expect.objectContaining({ message: "connected" })]);
    });
    const wanted = await receiveMails(server, 2);
    // Long enough for a keepalive. The event after it must still be separate.
    await once(AbortSignal.timeout(16_000), "abort");
    wanted.push(...(await receiveMails(server, 1)));
    await waitFor(() => {
      for (const each of following) expect(created(each), each.name).toEqual(wanted);
    });
    // No client failed and recovered.
    for (const { name, told } of following) {
      expect(
        told.filter(({ message }) => message === "connected"),
        name,
      ).toHaveLength(1);
    }
    await server.stop();
    server = await startDevServer(state, ports);
    wanted.push(...(await receiveMails(server, 2)));
    await waitFor(() => {
      for (const each of following) expect(created(each), each.name).toEqual(wanted);
    });
    for (const { name, told } of following) {
      const types = new Set(told.map(({ type, message }) => type ?? message));
      expect(types, name).toEqual(new Set(["connected", "message.created", "thread.created"]));
    }
  } finally {
    for (const { close } of following) close();
  }
});
