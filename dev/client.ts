import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

// `node dev/client.ts` builds the typed client into dist/client; `npm pack` does it first.
// `node dev/client.ts --types` only writes client/api.d.ts, the types of openapi.json, and for a test those of the contract
// of the Email Service API. Like worker-configuration.d.ts the first are not in git: `npm run check` writes them first, so that they are never older than the document.

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = join(ROOT, "dist/client");
/** The files of types, and the documents that they are written from. YAML can be JSON. */
const TYPES = {
  "client/api.d.ts": "openapi.json",
  "test/fixtures/email-service.d.ts": "test/fixtures/email-service.openapi.yaml",
};
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/** openapi-fetch, whose licence wants to go along, and the helpers of its types, which have the same. */
const LICENSE = "openapi-fetch.LICENSE";
const BANNER = `/*! Contains openapi-fetch: see ${LICENSE} */`;

async function writeTypes(): Promise<void> {
  // openapi-typescript wants the compiler's JavaScript API, which TypeScript 7 does not have.
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier === "typescript" ? "@ts-morph/common/dist/typescript.js" : specifier, context),
  });
  const [{ default: openapiTS, astToString }, { ts }] = await Promise.all([
    import("openapi-typescript"),
    import("@ts-morph/common"),
  ]);
  const form = ts.factory.createTypeReferenceNode("FormData");
  for (const [target, source] of Object.entries(TYPES)) {
    const types = await openapiTS(parse(readFileSync(join(ROOT, source), "utf8")), {
      // What has a default may be left out of a request.
      defaultNonNullable: false,
      transform: (_, { path }) => (path?.endsWith("/multipart~1form-data") ? (form as never) : undefined),
    });
    writeFileSync(join(ROOT, target), `// Written by dev/client.ts from ${source}.\n${astToString(types)}`);
  }
}

/** With esbuild, as wrangler bundles the Worker. */
async function bundle(): Promise<void> {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [join(ROOT, "client/index.ts")],
    outfile: join(OUT, "index.js"),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    banner: { js: BANNER },
  });
  copyFileSync(join(ROOT, "node_modules/openapi-fetch/LICENSE"), join(OUT, LICENSE));
}

/**
 * Writes the declarations of the client and of openapi-fetch beside each other. The package has no dependencies.
 * @throws Error if one of them imports something else
 */
function declare(): void {
  const emitted = mkdtempSync(join(tmpdir(), "xabar-client-"));
  const options = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly"];
  const places = ["--rootDir", ROOT, "--outDir", emitted];
  try {
    execFileSync(process.execPath, [TSC, "-p", join(ROOT, "client"), ...options, ...places], {
      stdio: "inherit",
    });
    const bundled = (name: string) => join(ROOT, "node_modules", name, "dist/index.d.mts");
    const files: Record<string, string> = {
      index: join(emitted, "client/index.d.ts"),
      types: join(emitted, "client/types.d.ts"),
      api: join(ROOT, "client/api.d.ts"),
      "openapi-fetch": bundled("openapi-fetch"),
      "openapi-typescript-helpers": bundled("openapi-typescript-helpers"),
    };
    for (const [name, file] of Object.entries(files)) {
      const text = readFileSync(file, "utf8").replace(/\bfrom ["']([^"']+)["']/g, (_, specifier: string) => {
        const target = specifier.replace(/^\.\//, "").replace(/(\.d)?\.ts$/, "");
        if (!(target in files))
          throw new Error(`${name}.d.ts imports ${specifier}, which is not in the package`);
        return `from "./${target}.js"`;
      });
      writeFileSync(join(OUT, `${name}.d.ts`), text);
    }
  } finally {
    rmSync(emitted, { recursive: true });
  }
}

await writeTypes();
if (!process.argv.includes("--types")) {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  await bundle();
  declare();
}
