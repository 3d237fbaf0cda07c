import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleWorker } from "../../bench/support/worker.ts";

const CONFIG = fileURLToPath(new URL("../../src/mailbox/wrangler.toml", import.meta.url));

/** For the script of the mail protocols, gzipped: its start parses all of it. */
const BUDGET_BYTES = 300_000;

const directory = mkdtempSync(join(tmpdir(), "xabar-mailbox-bundle-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let bundle = "";
beforeAll(async () => {
  bundle = await bundleWorker(directory, ["--metafile"], CONFIG);
});

describe("the script of the mail protocols", () => {
  it("has at most 300 KB, gzipped", () => {
    expect(gzipSync(readFileSync(bundle)).length).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  it("has imapflow without the packages that shims stand for", () => {
    const { inputs } = JSON.parse(readFileSync(join(directory, "bundle-meta.json"), "utf8")) as {
      inputs: Record<string, object>;
    };
    const from = (name: string) =>
      Object.keys(inputs).filter((file) => file.includes(`node_modules/${name}/`));
    expect(from("imapflow")).not.toEqual([]);
    expect(Object.keys(inputs).filter((file) => file.includes("imap/shims/"))).toHaveLength(3);
    for (const name of ["iconv-lite", "encoding-japanese", "pino", "socks"]) expect(from(name)).toEqual([]);
  });
});
