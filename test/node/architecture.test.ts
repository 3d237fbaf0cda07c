import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Import {
  from: string;
  /** A path from the root for what is ours, else the specifier as it stands. */
  to: string;
  isOurs: boolean;
}

const filesOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));

const textOf = (file: string): string => readFileSync(join(root, file), "utf8");

/** Without comments, and without what stands in strings and templates. */
const codeOf = (file: string): string =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/.*$/gm, "")
    .replace(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, '""');

const SPECIFIER = /(?:^|\s)(?:import|export)\s[^;"'`]*?\bfrom\s*"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g;

const importsOf = (from: string): Import[] =>
  [...textOf(from).matchAll(SPECIFIER)].map((match) => {
    const specifier = match[1] ?? match[2] ?? "";
    const isOurs = specifier.startsWith(".");
    return { from, to: isOurs ? normalize(join(dirname(from), specifier)) : specifier, isOurs };
  });

const src = filesOf("src");
const dev = filesOf("dev");
const imports = src.flatMap(importsOf);
const ours = imports.filter(({ isOurs }) => isOurs);

/** Every folder of src is a module, but for these two. */
const SHARED = ["auth", "lib"];
const modules = [...new Set(src.flatMap((file) => /^src\/([^/]+)\//.exec(file)?.[1] ?? []))].filter(
  (name) => !SHARED.includes(name),
);
const moduleOf = (file: string): string | undefined =>
  modules.find((name) => file.startsWith(`src/${name}/`));

const isIn = (file: string, ...places: string[]): boolean =>
  places.some((place) => file === place || (place.endsWith("/") && file.startsWith(place)));

const told = (broken: Import[]): string[] => broken.map(({ from, to }) => `${from} imports ${to}`);

/** Fails with the rule, and with a line for each import or file that breaks it. */
const expectNone = (rule: string, broken: string[]): void =>
  expect(broken, `${rule}, but: ${broken.join("; ")}`).toEqual([]);

describe("what this test reads", () => {
  it("is all there", () => {
    expect(modules).toContain("ems");
    expect(src.length).toBeGreaterThan(40);
    expect(told(imports)).toContain("src/index.ts imports src/app.ts");
    expect(told(imports)).toContain("src/platform/auth/token.ts imports jose");
  });

  it("has every import, and each leads to a file", () => {
    const lost = ours.filter(({ to }) => !src.includes(to) && !isIn(to, "dev/"));
    expectNone("an import of ours names a file with its ending", told(lost));
    const counted = src.flatMap((file) => codeOf(file).match(/\bfrom ""|\bimport\s*\(?\s*""/g) ?? []);
    expect(imports).toHaveLength(counted.length);
  });
});

describe("imports point one way", () => {
  const allowed: [place: string, to: string[]][] = [
    ["src/lib/", ["src/lib/"]],
    ["src/platform/config.ts", []],
    ["src/auth/", ["src/auth/", "src/platform/config.ts", "src/lib/"]],
    [
      "src/app.ts",
      ["src/auth/", "src/platform/config.ts", "src/lib/", ...modules.map((name) => `src/${name}/index.ts`)],
    ],
    ["src/index.ts", ["src/app.ts", ...modules.map((name) => `src/${name}/index.ts`)]],
    ...modules.map((name): [string, string[]] => [
      `src/${name}/`,
      [`src/${name}/`, "src/auth/", "src/platform/config.ts", "src/lib/"],
    ]),
  ];

  it.each(allowed)("%s imports of ours only %j", (place, to) => {
    const broken = ours.filter(({ from, to: target }) => isIn(from, place) && !isIn(target, ...to));
    expectNone(`${place} may import of ours: ${to.join(", ") || "nothing"}`, told(broken));
  });

  it("every file of src has a place in that order", () => {
    const stray = src.filter((file) => !allowed.some(([place]) => isIn(file, place)));
    expectNone("src holds index, app, env, auth, lib and modules", stray);
  });

  it("a module never imports another", () => {
    const broken = ours.filter(({ from, to }) => {
      const [own, other] = [moduleOf(from), moduleOf(to)];
      return own && other && own !== other;
    });
    expectNone("a module tells another by a queue message", told(broken));
  });

  it("of a module nothing but its index.ts is imported from outside", () => {
    const broken = ours.filter(({ from, to }) => {
      const name = moduleOf(to);
      return name && moduleOf(from) !== name && to !== `src/${name}/index.ts`;
    });
    expectNone("index.ts is a module's only door", told(broken));
  });

  it("within a module: routes, queues and hub over services over schema and provider", () => {
    const isEntry = (file: string) => /\/(routes|consumer|hub|queues)\.ts$/.test(file);
    const isIndex = (file: string) => /^src\/[^/]+\/index\.ts$/.test(file);
    const entries = ours.filter(
      ({ from, to }) => isEntry(to) && !isIndex(from) && !/\/(index|queues)\.ts$/.test(from),
    );
    expectNone("only index.ts and queues.ts import routes, consumer, hub and queues", told(entries));
    const indexes = ours.filter(({ from, to }) => isIndex(to) && moduleOf(from) === moduleOf(to));
    expectNone("nothing in a module imports its index.ts", told(indexes));
    const schemas = ours.filter(
      ({ from, to }) => /\/schemas\.ts$/.test(from) && !/\/schemas\.ts$/.test(to) && !isIn(to, "src/lib/"),
    );
    expectNone("schemas.ts imports lib and other schemas.ts", told(schemas));
    const tables = ours.filter(({ from }) => isIn(from, "src/ems/schema/"));
    expectNone("tables import nothing of ours", told(tables));
    const provider = ours.filter(
      ({ from, to }) =>
        from.includes("/provider/") &&
        !to.includes("/provider/") &&
        !isIn(to, "src/platform/config.ts", "src/lib/"),
    );
    expectNone("the provider knows env and lib, and nothing of the module", told(provider));
  });

  it("nothing goes round in a circle", () => {
    const targets = Map.groupBy(ours, ({ from }) => from);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
      if (done.has(file) || path.includes(file)) return;
      for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of src) visit(file, []);
    expectNone("imports have no cycles", circles);
  });

  it("nothing that ships imports what is for development or for tests", () => {
    const broken = ours.filter(({ to }) => !isIn(to, "src/"));
    expectNone("src imports only src", told(broken));
  });
});

describe("packages stay where they belong", () => {
  const of = (name: string) => imports.filter(({ to }) => to === name || to.startsWith(`${name}/`));
  const places: [name: string, rule: string, isAllowed: (file: string) => boolean][] = [
    ["aws4fetch", "attachments", (file) => /^src\/[^/]+\/attachments\//.test(file)],
    ["jose", "auth", (file) => isIn(file, "src/auth/")],
    [
      "hono",
      "app, auth/middleware, lib/validation, a module's index and idempotency, routes.ts and answer.ts",
      (file) =>
        isIn(file, "src/app.ts", "src/platform/auth/middleware.ts", "src/platform/validation.ts") ||
        /^src\/[^/]+\/(index|idempotency)\.ts$|\/(routes|answer)\.ts$/.test(file),
    ],
    ["@hono", "lib/validation", (file) => isIn(file, "src/platform/validation.ts")],
  ];

  it("the provider's SDK is for its stand-in's tests alone: it would be a tenth of the bundle", () => {
    expectNone("src speaks to Nylas itself", told(of("nylas")));
  });

  it.each(places)("%s is imported only in %s", (name, rule, isAllowed) => {
    expect(of(name), `${name} is imported somewhere`).not.toEqual([]);
    expectNone(`${name} only in ${rule}`, told(of(name).filter(({ from }) => !isAllowed(from))));
  });
});

describe("HTTP stays out of services", () => {
  const verbs = src.filter((file) =>
    /\/(service|send|ingest|list|query|consumer|backfill|receive)\.ts$/.test(file),
  );

  it.each(verbs)("%s names no Request, Response or Hono context", (file) => {
    const code = codeOf(file);
    const isService = /\/(service|send|ingest|list)\.ts$/.test(file);
    const words = isService
      ? /\b(Request|Response|Headers|Hono|Context)\b|\bc\.(req|res|var|json|env)\b/g
      : /\bHono\b|\bc\.(req|res|var|json)\b/g;
    expectNone(`${file}: a service never sees HTTP`, code.match(words) ?? []);
  });
});

describe("files", () => {
  it.each([...src, ...dev])("%s is at most 300 lines long", (file) => {
    expect(textOf(file).trimEnd().split("\n").length, `${file}: up to 300 lines`).toBeLessThanOrEqual(300);
  });

  it("are named after what they hold", () => {
    const vague = [...src, ...dev].filter((file) => /\/(utils?|helpers?|misc|common)(\.ts$|\/)/i.test(file));
    expectNone("no file or folder is called utils, helpers, misc or common", vague);
  });

  it("export by name, but for the Worker's entry", () => {
    const broken = src.filter((file) => /\bexport\s+default\b|\bas\s+default\b/.test(codeOf(file)));
    expect(broken, "only src/index.ts has a default export").toEqual(["src/index.ts"]);
  });

  it("pass nothing on: only a module's index.ts exports what others define", () => {
    const broken = src.filter(
      (file) =>
        !/^src\/([^/]+\/)?index\.ts$/.test(file) && /\bexport\s+(\*|\{[^}]*\}\s+from)/.test(codeOf(file)),
    );
    expectNone("no barrels", broken);
  });
});
