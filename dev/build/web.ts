import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// dist/web, the folder of wrangler.toml's [assets]: the web inbox, web/public, the OpenAPI documents and the script of /docs.

const [PUBLIC, TO] = ["web/public", "dist/web"];

/** Of each API. */
const DOCUMENTS = ["openapi.json", "email-service.openapi.json", "hub.openapi.json", "telegram.openapi.json"];

/** What dist/web is made from. If neither this nor dist/web has changed since, nothing is built. */
const FROM = [
  ...["web/**/*", "client/*.ts", "src/ems/events/position.ts", "dev/build/*.ts"],
  ...DOCUMENTS,
  "package-lock.json",
];
const STAMP = "dist/web.json";

/** Scalar's page in one script. This package of theirs has it ready, without the 190 packages that it is made from. */
const SCALAR = join(
  dirname(createRequire(import.meta.url).resolve("@scalar/fastify-api-reference")),
  "js/standalone.js",
);

const filesOf = (...patterns: string[]): string[] =>
  globSync(patterns, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    // The types that `npm run check` writes into client are no part of a script.
    .filter((path) => !path.endsWith(".d.ts"))
    .sort();

function hashOf(files: string[]): string {
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readIfAny(file) ?? "")
      .update("\0");
  return hash.digest("hex");
}

function readIfAny(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Writes a file in one step, and only if it has changed: running servers read and watch it. */
function put(file: string, content: string | Uint8Array): void {
  const bytes = Buffer.from(content);
  if (readIfAny(file)?.equals(bytes)) return;
  mkdirSync(dirname(file), { recursive: true });
  // Not in dist/web: a server that starts meanwhile would serve it.
  const whole = `dist/.${process.pid}`;
  writeFileSync(whole, bytes);
  renameSync(whole, file);
}

async function contents(): Promise<Map<string, string | Uint8Array>> {
  const { buildInbox } = await import("./inbox.ts");
  const isPage = (name: string) => name.endsWith(".html");
  const inbox = [...(await buildInbox("web"))];
  return new Map([
    ...filesOf(`${PUBLIC}/**/*`).map((path) => [path.slice(PUBLIC.length + 1), readFileSync(path)] as const),
    ...DOCUMENTS.map((file) => [file, JSON.stringify(JSON.parse(readFileSync(file, "utf8")))] as const),
    ["docs/scalar.js", readFileSync(SCALAR)],
    // A page comes after what it loads.
    ...inbox.filter(([name]) => !isPage(name)),
    ...inbox.filter(([name]) => isPage(name)),
  ]);
}

const stampOf = (from: string): string => JSON.stringify({ from, to: hashOf(filesOf(`${TO}/**/*`)) });
/**
 * Fills dist/web, unless nothing has changed. Several may do so at once.
 * @throws Error if the web inbox does not build, or if its first screen is over the budget
 */
export async function buildWeb(): Promise<void> {
  const from = hashOf(filesOf(...FROM));
  if (readIfAny(STAMP)?.toString() === stampOf(from)) return;
  const made = await contents();
  for (const [name, content] of made) put(join(TO, name), content);
  for (const file of filesOf(`${TO}/**/*`)) {
    if (!made.has(file.slice(TO.length + 1))) rmSync(file, { force: true });
  }
  put(STAMP, stampOf(from));
}
