import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { getPlatformProxy, unstable_readConfig } from "wrangler";
import type { Bindings } from "./target.ts";

const ROOT = join(import.meta.dirname, "../..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

/** Wrangler does not export the type of its configuration. */
interface Binding {
  binding: string;
  database_name?: string;
}

/**
 * Opens the Worker's database and bucket from Node: those of `npm run dev`, or with `remote` those at Cloudflare, by
 * wrangler's remote bindings.
 * @param state the folder of the local ones
 */
export async function openBindings({
  remote,
  state,
}: {
  remote: boolean;
  state: string;
}): Promise<{ env: Bindings; close: () => Promise<void> }> {
  const { d1_databases, r2_buckets, compatibility_date } = unstable_readConfig({
    config: join(ROOT, "wrangler.toml"),
  });
  const [database] = (d1_databases as Binding[]).filter(({ binding }) => binding === "DB");
  const [bucket] = (r2_buckets as Binding[]).filter(({ binding }) => binding === "ATTACHMENTS");
  if (!database || !bucket) throw new Error("wrangler.toml lacks DB or ATTACHMENTS");
  const id = remote ? { database_id: idOf(database.database_name ?? "") } : {};
  // Only these two: a binding to an object's class would start the whole Worker.
  const folder = mkdtempSync(join(tmpdir(), "xabar-bindings-"));
  const configPath = join(folder, "wrangler.json");
  const config = {
    ...{ name: "xabar-import", compatibility_date },
    d1_databases: [{ ...database, ...id, remote }],
    r2_buckets: [{ ...bucket, remote }],
  };
  writeFileSync(configPath, JSON.stringify(config));
  const { env, dispose } = await getPlatformProxy<Bindings>({
    configPath,
    persist: { path: join(resolve(state), "v3") },
    remoteBindings: remote,
  });
  const close = async () => {
    await dispose();
    rmSync(folder, { recursive: true, force: true });
  };
  return { env, close };
}

/** The id of the database at Cloudflare, by its name. @throws Error with what wrangler says */
function idOf(name: string): string {
  const output = execFileSync(process.execPath, [WRANGLER, "d1", "info", name, "--json"], {
    encoding: "utf8",
  });
  return (JSON.parse(output) as { uuid: string }).uuid;
}
