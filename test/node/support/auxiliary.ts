import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const WRANGLER = resolve("node_modules/wrangler/bin/wrangler.js");

/**
 * A script of ours beside the Worker under test: its wrangler.toml, and the bundle that would be deployed, but for a
 * developer's machine.
 * @param configPath of its wrangler.toml
 */
export async function auxiliary(configPath: string) {
  // Late: when it is loaded, it reads what certificates to trust. See vitest.config.ts.
  const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import("wrangler");
  const folder = mkdtempSync(join(tmpdir(), "xabar-auxiliary-"));
  try {
    const args = ["deploy", "--dry-run", "--config", configPath, "--outdir", folder];
    // Wrangler writes it into the bundle: see src/platform/config.ts.
    const env = { ...process.env, NODE_ENV: "test", WRANGLER_SEND_METRICS: "false", CI: "true" };
    await promisify(execFile)(process.execPath, [WRANGLER, ...args], { env });
    const config = unstable_readConfig({ config: configPath });
    const { modulesRules: _, ...options } = unstable_getMiniflareWorkerOptions(config).workerOptions;
    const text = (name: string) => readFileSync(join(folder, name), "utf8");
    const script = text("index.js");
    // The migrations: wrangler leaves text beside the bundle.
    const texts = [...script.matchAll(/from\s*"\.\/([^"]+\.(?:sql|txt))"/g)].map(([, name = ""]) => name);
    return {
      ...options,
      name: String(config.name),
      modules: [
        { type: "ESModule" as const, path: "index.js", contents: script },
        ...texts.map((path) => ({ type: "Text" as const, path, contents: text(path) })),
        ...readdirSync(folder)
          .filter((path) => path.endsWith(".wasm"))
          .map((path) => ({
            type: "CompiledWasm" as const,
            path,
            contents: readFileSync(join(folder, path)),
          })),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
