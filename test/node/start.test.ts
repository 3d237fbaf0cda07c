import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Imports the Worker in a process of its own, and counts the schemas that zod has built. */
const SCRIPT = `
  import { registerHooks } from "node:module";
  registerHooks({
    resolve: (name, context, next) =>
      name === "cloudflare:workers"
        ? { url: "data:text/javascript,export class DurableObject {}", shortCircuit: true }
        : next(name, context),
    // Wrangler imports SQL and plain text as text.
    load: (url, context, next) =>
      url.endsWith(".sql") || url.endsWith(".txt")
        ? { format: "module", source: "export default ''", shortCircuit: true }
        : next(url, context),
  });
  let built = 0;
  const { defineProperty } = Object;
  Object.defineProperty = (target, key, descriptor) => {
    if (key === "_zod") built++;
    return defineProperty(target, key, descriptor);
  };
  await import("./src/index.ts");
  const atStart = built;
  const { AccountParam } = await import("./src/ems/accounts/schemas.ts");
  AccountParam();
  const first = built - atStart;
  AccountParam();
  console.log(JSON.stringify({ atStart, first, again: built - atStart - first }));
`;

it("the start of the Worker builds no schema: each is built once, at its first use", () => {
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", SCRIPT], {
    cwd: ROOT,
    encoding: "utf8",
  });
  // The object, its id, and the two checks of the id.
  expect(JSON.parse(output)).toEqual({ atStart: 0, first: 4, again: 0 });
});
