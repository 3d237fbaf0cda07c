import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { freePorts, startDevServer } from "./dev-server.ts";

/** Where the server of all suites that share one answers. */
export interface InboxServer {
  url: string;
  smtpPort: number;
  nylasPort: number;
  /** The link to the page where two people of UzbekHub chat. */
  chat: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    inbox: InboxServer;
  }
}

/**
 * Starts one `npm run dev` for all suites that share it: its 400 mails take a while to fill in. While you write a
 * suite, INBOX_SERVER names one that runs already: `{"url": "http://localhost:8787", "smtpPort": 2525, …}`.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { INBOX_SERVER: running } = process.env;
  if (running) {
    provide("inbox", JSON.parse(running));
    return async () => {};
  }
  const state = mkdtempSync(join(tmpdir(), "xabar-inbox-"));
  const server = await startDevServer(state, await freePorts());
  const { url, smtpPort, nylasPort, chat } = server;
  provide("inbox", { url, smtpPort, nylasPort, chat });
  return async () => {
    try {
      await server.stop();
    } finally {
      rmSync(state, { recursive: true, force: true });
    }
  };
}
