import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Loads what reads NODE_EXTRA_CA_CERTS when it is loaded, as miniflare does, so that it also trusts another authority.
 * Other programs that are started later do not.
 */
export async function trusting<T>(ca: string, load: () => Promise<T>): Promise<T> {
  const before = process.env.NODE_EXTRA_CA_CERTS;
  const file = join(tmpdir(), `xabar-ca-${process.pid}.pem`);
  writeFileSync(file, `${ca}\n${before ? readFileSync(before, "utf8") : ""}`);
  process.env.NODE_EXTRA_CA_CERTS = file;
  try {
    return await load();
  } finally {
    if (before === undefined) delete process.env.NODE_EXTRA_CA_CERTS;
    else process.env.NODE_EXTRA_CA_CERTS = before;
    rmSync(file);
  }
}
