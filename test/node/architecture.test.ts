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
  /** `import type`: it leaves nothing in the bundle. */
  isType: boolean;
}

const filesOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
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
    const isOurs = specifier.startsWith(".") && !/\.(sql|txt)$/.test(specifier);
    const isType = /^\s*import type\b/.test(match[0]);
    return { from, to: isOurs ? normalize(join(dirname(from), specifier)) : specifier, isOurs, isType };
  });

const src = filesOf("src");
const dev = filesOf("dev");
/** Without what is written from openapi.json. */
const client = filesOf("client").filter((file) => file !== "client/api.d.ts");
const ops = filesOf("ops");
const web = filesOf("web");
const imports = src.flatMap(importsOf);
const ours = imports.filter(({ isOurs }) => isOurs);

/** Scripts of their own, which the Worker calls by RPC. */
const ENGINES = ["mailbox", "telegram-account"];

/** Every folder of src is a module, but for these two. */
const SHARED = ["lib", "platform"];
const modules = [...new Set(src.flatMap((file) => /^src\/([^/]+)\//.exec(file)?.[1] ?? []))].filter(
  (name) => !SHARED.includes(name),
);
const moduleOf = (file: string): string | undefined =>
  modules.find((name) => file.startsWith(`src/${name}/`));

const isIn = (file: string, ...places: string[]): boolean =>
  places.some((place) => file === place || (place.endsWith("/") && file.startsWith(place)));

/** The files that may speak of HTTP. A hub and a room are, since a Durable Object is joined by `fetch`. */
const isHttp = (file: string): boolean =>
  isIn(file, "src/platform/", ...ENGINES.map((name) => `src/${name}/index.ts`)) ||
  /^src\/[^/]+\/(?:.*\/)?(routes|middleware|errors|hub|room\/room)\.ts$/.test(file);

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
  const workers = modules.filter((name) => !ENGINES.includes(name)).map((name) => `src/${name}/worker.ts`);
  const allowed: [place: string, to: string[]][] = [
    ["src/lib/", ["src/lib/"]],
    ["src/platform/", ["src/platform/", "src/lib/"]],
    ["src/app.ts", ["src/platform/", ...workers]],
    ["src/index.ts", ["src/app.ts", "src/platform/", ...workers]],
    ...modules.map((name): [string, string[]] => [
      `src/${name}/`,
      [`src/${name}/`, "src/platform/", "src/lib/"],
    ]),
  ];

  it.each(allowed)("%s imports of ours only %j", (place, to) => {
    const broken = ours.filter(
      ({ from, to: target, isType }) =>
        isIn(from, place) && !isIn(target, ...to) && !(isType && target.endsWith("/contract.ts")),
    );
    expectNone(`${place} may import of ours: ${to.join(", ")}`, told(broken));
  });

  it("every file of src has a place in that order", () => {
    const stray = src.filter((file) => !allowed.some(([place]) => isIn(file, place)));
    expectNone("src holds index, app, lib, platform and modules", stray);
  });

  it("a module never imports another, but for the types of its contract", () => {
    const broken = ours.filter(({ from, to, isType }) => {
      const [own, other] = [moduleOf(from), moduleOf(to)];
      return own && other && own !== other && !(isType && to === `src/${other}/contract.ts`);
    });
    expectNone("a module tells another by a queue message or a binding", told(broken));
  });

  it("of a module nothing but its worker.ts is imported from outside", () => {
    const broken = ours.filter(({ from, to, isType }) => {
      const name = moduleOf(to);
      const isOpen = to === `src/${name}/worker.ts` || (isType && to === `src/${name}/contract.ts`);
      return name && moduleOf(from) !== name && !isOpen;
    });
    expectNone("worker.ts is a module's only door", told(broken));
  });

  it("within a module: routes, queues and hub over verbs over schema and provider", () => {
    const isEntry = (file: string) => /\/(routes|consumer|hub|queues|cron|worker)\.ts$/.test(file);
    const entries = ours.filter(
      ({ from, to }) => moduleOf(from) && moduleOf(to) && isEntry(to) && !isEntry(from),
    );
    expectNone("only entries import routes, consumer, hub, queues, cron and worker", told(entries));
    const schemas = ours.filter(
      ({ from, to }) =>
        /\/schemas\.ts$/.test(from) &&
        !/\/(schemas|pagination|folders|fields|body)\.ts$/.test(to) &&
        !isIn(to, "src/lib/", "src/platform/"),
    );
    expectNone("schemas.ts imports lib, platform and what holds schemas", told(schemas));
    const tables = ours.filter(({ from }) => isIn(from, "src/ems/schema/"));
    expectNone("tables import nothing of ours", told(tables));
    const provider = ours.filter(
      ({ from, to }) =>
        from.includes("/provider/") &&
        !to.includes("/provider/") &&
        !isIn(to, "src/ems/config.ts", "src/platform/", "src/lib/"),
    );
    expectNone("the provider knows config, platform and lib, and nothing else of the module", told(provider));
  });

  it("no files import each other in a circle", () => {
    expectNone("imports have no cycles", circlesOf(ours.map(({ from, to }) => [from, to])));
  });

  it("no folders import each other in a circle", () => {
    // A file beside a module's folders counts by itself: context.ts is below all of them, routes.ts above.
    const roomOf = (file: string) => (/^src\/[^/]+\/[^/]+$/.test(file) ? file : dirname(file));
    const arrows = ours.map(({ from, to }): [string, string] => [roomOf(from), roomOf(to)]);
    expectNone("folders have no cycles", circlesOf(arrows.filter(([from, to]) => from !== to)));
  });

  it("our own files are imported statically", () => {
    // For one import() of our own, the bundler puts all that the file shares with the start into functions, which V8
    // parses twice: a start takes a fifth longer.
    const lazily = src.filter((file) => /\bimport\(\s*"\./.test(textOf(file)));
    expectNone("import() is for packages that nothing else imports", lazily);
  });

  it("nothing that ships imports what is for development or for tests", () => {
    const broken = ours.filter(({ to }) => !isIn(to, "src/"));
    expectNone("src imports only src", told(broken));
  });
});

function circlesOf(arrows: [from: string, to: string][]): string[] {
  const targets = Map.groupBy(arrows, ([from]) => from);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (node: string, path: string[]): void => {
    if (path.includes(node)) circles.push([...path.slice(path.indexOf(node)), node].join(" → "));
    if (done.has(node) || path.includes(node)) return;
    for (const [, to] of targets.get(node) ?? []) visit(to, [...path, node]);
    done.add(node);
  };
  for (const node of targets.keys()) visit(node, []);
  return circles;
}

describe("packages stay where they belong", () => {
  const of = (name: string) => imports.filter(({ to }) => to === name || to.startsWith(`${name}/`));
  const places: [name: string, rule: string, isAllowed: (file: string) => boolean][] = [
    [
      "cloudflare:sockets",
      "the engines' net",
      (file) => /^src\/(mailbox\/(net|imap)|telegram-account\/client)\//.test(file),
    ],
    ["@mtcute", "the Telegram accounts", (file) => isIn(file, "src/telegram-account/")],
    ["imapflow", "the mailbox's imap and sync", (file) => /^src\/mailbox\/(imap|sync)\//.test(file)],
    ["nodemailer", "the mailbox's composer", (file) => isIn(file, "src/mailbox/sending/compose.ts")],
    ["postal-mime", "the mailbox's addresses", (file) => isIn(file, "src/mailbox/mime/addresses.ts")],
    ["aws4fetch", "platform", (file) => isIn(file, "src/platform/")],
    ["jose", "platform/auth", (file) => isIn(file, "src/platform/auth/")],
    ["hono", "platform, routes.ts and middleware.ts", isHttp],
    [
      "cloudflare:workers",
      "the files of Durable Objects",
      (file) =>
        /^src\/[^/]+\/(hub|mailbox|rate-window|chat\/room\/room|scheduler\/mailing|account)\.ts$/.test(file),
    ],
  ];

  it("the provider's SDK is for deploying and for tests: the Worker sends plain requests", () => {
    expectNone("nylas is not imported in src", told(of("nylas")));
  });

  it.each(places)("%s is imported only in %s", (name, rule, isAllowed) => {
    expect(of(name), `${name} is imported somewhere`).not.toEqual([]);
    expectNone(`${name} only in ${rule}`, told(of(name).filter(({ from }) => !isAllowed(from))));
  });

  it("nothing of drizzle is bundled: tables and rows are types", () => {
    const isTable = (file: string) => /^src\/[^/]+\/schema\//.test(file);
    const values = imports.filter(({ from, isType }) => !isTable(from) && !isType);
    const tables = values.filter(({ to }) => isTable(to));
    const drizzle = values.filter(({ to }) => to.startsWith("drizzle-orm"));
    expectNone(
      "tables are imported by `import type`, and sql from platform/d1/sql.ts",
      told([...tables, ...drizzle]),
    );
  });

  it("no schema of a response is bundled: only others of their kind import responses.ts for more than its types", () => {
    const isResponses = (file: string) => file.endsWith("/responses.ts");
    expect(src.filter(isResponses)).not.toEqual([]);
    const broken = ours.filter(({ from, to, isType }) => isResponses(to) && !isResponses(from) && !isType);
    expectNone("responses.ts is imported by `import type`", told(broken));
  });

  it("a provider is named only in its folder, in config, where providers are listed and where routes are", () => {
    const named = src.filter(
      (file) =>
        !/\/provider\/nylas\/|^src\/ems\/(config|providers|routes)\.ts$/.test(file) &&
        /nylas/i.test(textOf(file)),
    );
    expectNone("a second provider touches no other file", named);
  });
});

describe("beside the product", () => {
  const beside = [...dev, ...ops, ...filesOf("bench")].flatMap(importsOf).filter(({ isOurs }) => isOurs);

  it("dev imports dev alone, ops no stand-in, bench no test: each can be read without the others", () => {
    expect(beside.length).toBeGreaterThan(50);
    const isWorker = (file: string) =>
      isIn(
        file,
        "bench/units/worker/",
        "bench/hub/worker/",
        "bench/mail/worker/",
        "bench/telegram/worker/",
        "dev/worker/",
        "dev/openapi/",
        "ops/import/",
      );
    const broken = beside.filter(({ from, to }) => {
      if (isWorker(from) && isIn(to, "src/")) return false;
      if (isIn(from, "ops/")) return !/^(ops\/|dev\/[^/]+$)/.test(to);
      return isIn(from, "dev/") ? !isIn(to, "dev/") : !isIn(to, "bench/", "dev/");
    });
    expectNone(
      "dev → dev; ops → ops, files of dev; bench → bench, dev; the metered and the local Worker, openapi and the import → src",
      told(broken),
    );
  });

  it("the typed client imports its own, and the server's code for positions", () => {
    const broken = client.flatMap(importsOf).filter(({ to, isOurs }) => {
      if (!isOurs) return to !== "openapi-fetch";
      return !isIn(to, "client/", "src/ems/events/position.ts");
    });
    expectNone("client → client, position.ts, openapi-fetch", told(broken));
    const positions = imports.filter(({ from }) => from === "src/ems/events/position.ts");
    expectNone("position.ts imports nothing: it is in browsers, too", told(positions));
  });

  it.each(["dev/nylas/", "dev/mail/", "dev/telegram/"])(
    "no folders of %s import each other in a circle, but for the types of a contract",
    (standIn) => {
      const code = beside.filter(({ to, isType }) => !(isType && to.endsWith("/contract.ts")));
      const arrows = code.map(({ from, to }): [string, string] => [dirname(from), dirname(to)]);
      const within = arrows.filter(([from, to]) => isIn(`${from}/`, standIn) && isIn(`${to}/`, standIn));
      expect(within).not.toEqual([]);
      expectNone("folders have no cycles", circlesOf(within.filter(([from, to]) => from !== to)));
    },
  );
});

describe("the web inbox", () => {
  const inside = web.flatMap(importsOf);

  it("imports its own and the typed client: it knows of the server what anybody can", () => {
    expect(web).toContain("web/src/main.tsx");
    const broken = inside.filter(({ to, isOurs }) => isOurs && !isIn(to, "web/", "client/"));
    expectNone("web → web, client", told(broken));
  });

  it("is React's source: that Preact runs it is known to vite.config.ts alone", () => {
    expectNone("import from react", told(inside.filter(({ to }) => /^preact\b/.test(to))));
  });

  it("has no circle of files", () => {
    const arrows = inside.filter(({ isOurs, isType }) => isOurs && !isType);
    expectNone("imports have no cycles", circlesOf(arrows.map(({ from, to }) => [from, to])));
  });

  it("asks the API by the typed client, but for the progress of an upload", () => {
    const byHand = web.filter(
      (file) =>
        file !== "web/src/compose/upload.ts" &&
        /(?<![.\w])fetch\(|\b(XMLHttpRequest|EventSource|WebSocket)\b/.test(codeOf(file)),
    );
    expectNone("api.ts has the client", byHand);
  });

  it("makes no HTML of text: what others write is put into the page as text, or into a frame", () => {
    const unsafe = web.filter((file) =>
      /dangerouslySetInnerHTML|\b(inner|outer)HTML\s*\+?=(?!=)|insertAdjacentHTML|document\.write|createContextualFragment/.test(
        codeOf(file),
      ),
    );
    expectNone("no HTML from text", unsafe);
  });
});

describe("HTTP stays in routes, middleware and platform", () => {
  const verbs = src.filter((file) => moduleOf(file) && !isHttp(file) && !/\/provider\//.test(file));

  it.each(verbs)("%s names no request, response, header or status", (file) => {
    const words =
      /\b(?:Request|Response|Headers|HonoRequest|Hono|Context|HTTPException)\b|\bc\.(?:req|res|var|json|env)\b|\bstatus\s*:\s*[1-5]\d\d\b/g;
    expectNone(`${file}: a verb never sees HTTP`, codeOf(file).match(words) ?? []);
  });

  it("errors become statuses in one mapper of each API", () => {
    const statuses = src.filter(
      (file) => moduleOf(file) && /\bSTATUS_OF\b/.test(codeOf(file)) && !/\/errors\.ts$/.test(file),
    );
    expectNone("only errors.ts of a module knows statuses", statuses);
  });
});

describe("code", () => {
  it("has no base classes of ours, only those of the language and the platform", () => {
    const bases = src.flatMap((file) => codeOf(file).match(/\bclass \w+ extends [\w.]+/g) ?? []);
    expectNone(
      "a class extends Error or DurableObject",
      bases.filter((base) => !/ extends (Error|DurableObject)$/.test(base)),
    );
  });

  it("has handlers of at most ten lines", () => {
    const handlers = src
      .filter((file) => /\/routes\.ts$/.test(file))
      .flatMap((file) =>
        [...textOf(file).matchAll(/^( *)(?:.*\s)?async \(c\) => \{\n([\s\S]*?)\n\1\}/gm)].map((match) => ({
          file,
          lines: match[2]?.split("\n") ?? [],
        })),
      );
    expect(handlers.length).toBeGreaterThan(10);
    expectNone(
      "a handler only takes a request apart and answers",
      handlers.flatMap(({ file, lines }) => (lines.length > 10 ? [`${file}: ${lines[0]?.trim()}`] : [])),
    );
  });
});

describe("files", () => {
  const written = [...src, ...dev, ...ops, ...web];
  /** The texts of the web inbox are a table, a line for each. */
  const isTable = (file: string) => /^web\/src\/i18n\/[a-z]{2}\.ts$/.test(file);

  it.each(written.filter((file) => !isTable(file)))("%s is at most 300 lines long", (file) => {
    expect(textOf(file).trimEnd().split("\n").length, `${file}: up to 300 lines`).toBeLessThanOrEqual(300);
  });

  it("are named after what they hold", () => {
    const vague = written.filter((file) => /\/(utils?|helpers?|misc|common)(\.tsx?$|\/)/i.test(file));
    expectNone("no file or folder is called utils, helpers, misc or common", vague);
  });

  it("are imported by their path: there is no alias", () => {
    const { compilerOptions } = JSON.parse(textOf("tsconfig.json")) as { compilerOptions: object };
    expect(compilerOptions).not.toHaveProperty("paths");
    expect(JSON.parse(textOf("package.json"))).not.toHaveProperty("imports");
  });

  it("export by name, but for the Worker's entry", () => {
    const broken = src.filter((file) => /\bexport\s+default\b|\bas\s+default\b/.test(codeOf(file)));
    const entries = ["src/index.ts", ...ENGINES.map((name) => `src/${name}/index.ts`)];
    // What stands for a package has the package's own exports.
    const others = broken.filter((file) => !file.startsWith("src/mailbox/imap/shims/"));
    expect(others.sort(), "only a script's index.ts has a default export").toEqual(entries.sort());
  });

  it("pass nothing on: only index.ts and a module's worker.ts export what others define", () => {
    const broken = src.filter(
      (file) =>
        !/^src\/(index|[^/]+\/(worker|index))\.ts$/.test(file) &&
        /\bexport\s+(\*|\{[^}]*\}\s+from)/.test(codeOf(file)),
    );
    expectNone("no barrels", broken);
  });
});

describe("comments are plain English", () => {
  const commented = [...src, ...dev, ...ops, ...web, ...filesOf("bench")];

  /** Words that a fluent reader reads twice, in a comment. There is always a plainer sentence. */
  const RIDDLES =
    /\b(whoever|whomever|of which|of whom|so many|so much|so long|that (is|are) none|has it that|in vain|anew)\b/i;

  it.each(commented)("%s has no sentence of more than 25 words, and no riddle", (file) => {
    const sentences = sentencesOf(textOf(file));
    const long = sentences.filter((sentence) => wordsIn(sentence) > 25);
    expectNone("a sentence has at most 25 words", long);
    expectNone(
      "say it plainly",
      sentences.filter((sentence) => RIDDLES.test(sentence)),
    );
  });

  it("this test finds a long sentence, and a riddle", () => {
    const [long, riddle] = sentencesOf(`
      /** ${"word ".repeat(26)}. */
      // Whoever comes first
      // is first.
    `);
    expect(wordsIn(long!)).toBe(26);
    expect(riddle).toMatch(RIDDLES);
  });
});

/** The sentences of all comments: a semicolon or a colon ends one as well. Code and what is in brackets count little. */
function sentencesOf(text: string): string[] {
  const blocks = [
    ...Array.from(text.matchAll(/\/\*\*?([\s\S]*?)\*\//g), ([, block = ""]) =>
      block.replace(/^\s*\* ?/gm, ""),
    ),
    ...Array.from(text.matchAll(/(?:^[ \t]*\/\/.*\n?)+/gm), ([block]) =>
      block.replace(/^[ \t]*\/\/ ?/gm, ""),
    ),
  ];
  return blocks
    .flatMap((block) => block.split(/\n\s*\n|(?=@(?:param|returns|throws))/))
    .map((part) =>
      part
        .replace(/`[^`]*`/g, "X")
        .replace(/\([^)]*\)/g, "")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .flatMap((part) => part.split(/(?<=[.;:!?])\s+/));
}

const wordsIn = (sentence: string): number =>
  sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
