import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const run = promisify(execFile);
const NODE_MODULES = fileURLToPath(new URL("../node_modules", import.meta.url));
const DEBIANS = "/usr/bin/chromium";

/**
 * The Chromium to test with: that of the environment variable CHROMIUM, Debian's, or the one that npm has installed.
 * @throws Error if none of them starts
 */
export async function findChromium(): Promise<string> {
  const { CHROMIUM } = process.env;
  try {
    const path = CHROMIUM || (existsSync(DEBIANS) ? DEBIANS : await unpackChromium());
    await run(path, ["--version"]);
    return path;
  } catch (error) {
    throw new Error(
      "No Chromium starts here. Install Debian's chromium, or set CHROMIUM to the path of one: npm brings one for Linux on x64 only.",
      { cause: error },
    );
  }
}

/**
 * Starts Chromium, which asks no host by itself.
 * @param args of this suite alone
 * @throws Error if there is none
 */
export const launchChromium = async (...args: string[]): Promise<Browser> =>
  chromium.launch({
    executablePath: await findChromium(),
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update", ...args],
    ],
  });

/** Unpacks npm's Chromium, with the libraries and a font that a small machine lacks. @returns what starts it */
async function unpackChromium(): Promise<string> {
  const { version } = JSON.parse(
    readFileSync(join(NODE_MODULES, "@sparticuz/chromium/package.json"), "utf8"),
  );
  const folder = join(NODE_MODULES, `.cache/chromium-${version}`);
  const path = join(folder, "start");
  if (existsSync(path)) return path;
  const unpacked = `${folder}.${process.pid}`;
  mkdirSync(unpacked, { recursive: true });
  // It unpacks into the folder for temporary files, and its libraries only where it takes itself for Amazon's Lambda.
  const env = { ...process.env, TMPDIR: unpacked, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x" };
  const script = 'await (await import("@sparticuz/chromium")).default.executablePath()';
  await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: NODE_MODULES, env });
  writeFileSync(
    join(unpacked, "fonts/fonts.conf"),
    `<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>`,
  );
  writeFileSync(
    join(unpacked, "start"),
    `#!/bin/sh
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE='${folder}/fonts/fonts.conf'
LD_LIBRARY_PATH='${folder}/al2023/lib' exec '${folder}/chromium' "$@"
`,
    { mode: 0o755 },
  );
  try {
    renameSync(unpacked, folder);
  } catch (error) {
    // Another suite was faster.
    rmSync(unpacked, { recursive: true, force: true });
    if (!existsSync(path)) throw error;
  }
  return path;
}
