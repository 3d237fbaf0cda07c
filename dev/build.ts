import { globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// `npm run build` fills dist/web, the folder of wrangler.toml's [assets], with web/public, openapi.json and the script
// of the page /docs. Wrangler runs it before it starts or deploys the Worker.

const [FROM, TO] = ["web/public", "dist/web"];

/** Scalar's page in one script. This package of theirs has it ready, without the 190 packages that it is made from. */
const SCALAR = join(
  dirname(createRequire(import.meta.url).resolve("@scalar/fastify-api-reference")),
  "js/standalone.js",
);

/** Writes a file in one step, and only if it has changed: running servers read and watch it. */
function put(name: string, content: Buffer | string): void {
  const file = join(TO, name);
  const bytes = Buffer.from(content);
  if (readIfAny(file)?.equals(bytes)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, bytes);
  renameSync(`${file}.${process.pid}`, file);
}

function readIfAny(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

for (const entry of globSync("**/*", { cwd: FROM, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile()) put(path.slice(FROM.length + 1), readFileSync(path));
}
put("openapi.json", JSON.stringify(JSON.parse(readFileSync("openapi.json", "utf8"))));
put("docs/scalar.js", readFileSync(SCALAR));
