import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleWorker } from "../../bench/support/worker.ts";

const CONFIG = fileURLToPath(new URL("../../src/telegram-account/wrangler.toml", import.meta.url));

/** For the script of the Telegram accounts and its WebAssembly, each gzipped: 220 KB as wrangler counts them. */
const BUDGET_BYTES = 220 * 1024;

const directory = mkdtempSync(join(tmpdir(), "xabar-telegram-bundle-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

beforeAll(async () => {
  await bundleWorker(directory, ["--metafile"], CONFIG);
});

describe("the script of the Telegram accounts", () => {
  it("has at most 220 KB, gzipped, with its WebAssembly", () => {
    const shipped = readdirSync(directory).filter((name) => /\.(js|wasm)$/.test(name));
    expect(shipped).toHaveLength(2);
    const sizes = shipped.map((file) => gzipSync(readFileSync(join(directory, file))).length);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  it("has mtcute's low level, and nothing of what is above it", () => {
    const { outputs } = JSON.parse(readFileSync(join(directory, "bundle-meta.json"), "utf8")) as {
      outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
    };
    const shipped = Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs));
    const files = shipped.flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? file : []));
    expect(files.filter((file) => file.includes("@mtcute/core/network/"))).not.toEqual([]);
    expect(files.filter((file) => /core\/highlevel\/(?!utils\/)/.test(file))).toEqual([]);
  });
});
