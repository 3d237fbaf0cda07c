import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import type { Cleanup } from "../support/cleanup.ts";
import { bundleWorker } from "../support/worker.ts";
import type { PassEnd, Rows } from "./rows.ts";

const CONFIG = fileURLToPath(new URL("../../src/mailbox/wrangler.toml", import.meta.url));
const ENTRY = fileURLToPath(new URL("./worker/index.ts", import.meta.url));

/** Lets it connect to this machine, which a deployed one never does: see isLocal of src/platform/config.ts. */
const LOCAL = ["--define", 'process.env.NODE_ENV:"development"'];

/** Whose mailbox it is. */
export interface Owner {
  accountId: string;
  tenantId: string;
  userId: string;
}

/** A mailbox under measurement: see worker/index.ts, and src/mailbox/contract.ts for what it takes. */
export interface MeteredMailbox {
  configure(owner: Owner, settings: object, secrets: object): Promise<{ ok: boolean; message?: string }>;
  /** Runs one wake-up of a sync. */
  pass(): Promise<Rows & PassEnd>;
  /** How many messages are known: to be asked while a pass runs. */
  known(): Promise<{ messages: number }>;
  page(query: object): Promise<Rows & { messages: number }>;
  folder(path: string): Promise<{ id: string }>;
  /** Adds copies of a folder's messages, up to a number. @returns how many it has then */
  grow(folderId: string, most: number): Promise<{ total: number }>;
}

export interface Engine {
  mailboxOf(owner: Owner): MeteredMailbox;
  /** ws URL of workerd's inspector. */
  inspectorUrl: URL;
}

/** Starts the script of the mail protocols in workerd, with a mailbox that counts. */
export async function startEngine(cleanup: Cleanup, directory: string): Promise<Engine> {
  const bundle = await bundleWorker(join(directory, "bundle"), [ENTRY, ...LOCAL], CONFIG);
  const { workerOptions } = unstable_getMiniflareWorkerOptions(CONFIG);
  const folder = dirname(bundle);
  const texts = readdirSync(folder).filter((name) => /\.(sql|txt)$/.test(name));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      inspectorPort: 0,
      resourcePersistencePath: join(directory, "state"),
      workers: [
        {
          ...workerOptions,
          name: "xabar-mailbox",
          modules: [
            { type: "ESModule" as const, path: bundle },
            ...texts.map((name) => ({ type: "Text" as const, path: join(folder, name) })),
          ],
          modulesRoot: folder,
          bindings: {
            MAIL_KEYS: JSON.stringify([{ id: "bench", key: Buffer.alloc(32, 7).toString("base64") }]),
            MAIL_LOCAL_HOSTS: "localhost:*",
          },
        },
      ],
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.WARN),
      handleStructuredLogs: () => {},
    }),
  );
  cleanup.defer(() => miniflare.dispose());
  await miniflare.ready;
  const mailboxes = (await miniflare.getDurableObjectNamespace("MAILBOX")) as unknown as {
    idFromName(name: string): unknown;
    get(id: unknown): MeteredMailbox;
  };
  return {
    mailboxOf: ({ accountId }) => mailboxes.get(mailboxes.idFromName(accountId)),
    inspectorUrl: await miniflare.getInspectorURL(),
  };
}
