import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { firstScreen } from "../../dev/build/budget.ts";
import { buildInbox } from "../../dev/build/inbox.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Text that does not become smaller by compression than its random bytes. */
const noise = (kilobytes: number): string => randomBytes(kilobytes * 1000).toString("base64");

/** A page that imports these files. */
function pageOf(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "xabar-page-"));
  folders.push(root);
  for (const folder of ["i18n", "node_modules/heavy"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "index.html"), '<script type="module" src="/main.ts"></script>');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  return root;
}

const HEAVY = { "node_modules/heavy/package.json": '{"name":"heavy","main":"index.js","type":"module"}' };

describe("the script of the first screen", () => {
  it("over 150 KB gzipped fails the build, with how much it is over and what is largest", async () => {
    const root = pageOf({
      ...HEAVY,
      "node_modules/heavy/index.js": `export const heavy = "${noise(100)}";`,
      "i18n/en.ts": `export const en = "${noise(30)}";`,
      "i18n/ru.ts": `export const ru = "${noise(40)}";`,
      "main.ts": `import { heavy } from "heavy";
        console.log(heavy, "${noise(20)}", import("./i18n/en.ts"), import("./i18n/ru.ts"));`,
    });
    // 100 of the package, 20 of the entry and 40 of the larger language. Base64 costs a little.
    await expect(buildInbox(root)).rejects.toThrow(
      /^The script of the web inbox's first screen has 16\d\.\d KB gzipped, 1\d\.\d KB more than its 150\.0 KB: .* heavy (9|10)\d\.\d KB, i18n 4\d\.\d KB, .*\.$/,
    );
  });

  it("does not count what is loaded later, nor a second language", async () => {
    const root = pageOf({
      ...HEAVY,
      "node_modules/heavy/index.js": `export const heavy = "${noise(140)}";`,
      "i18n/en.ts": `export const en = "${noise(70)}";`,
      "i18n/ru.ts": `export const ru = "${noise(70)}";`,
      "main.ts": `console.log(import("heavy"), import("./i18n/en.ts"), import("./i18n/ru.ts"));`,
    });
    const files = await buildInbox(root);
    expect([...files.keys()].filter((name) => name.endsWith(".js"))).toHaveLength(4);
    expect([...files.keys()].filter((name) => name.endsWith(".map"))).toEqual([]);
  });

  it("is that of production, also in a test, and the environment stays what it was", async () => {
    const before = process.env.NODE_ENV;
    const files = await buildInbox(pageOf({ "main.ts": "console.log(process.env.NODE_ENV);" }));
    const [script] = [...files].filter(([name]) => name.endsWith(".js"));
    expect(String(script?.[1])).toMatch(/console\.log\([`"']production[`"']\)/);
    expect(process.env.NODE_ENV).toBe(before);
  });

  it("counts a chunk that several import once, and every chunk that one of them imports", () => {
    const chunk = (fileName: string, ...imports: string[]) => ({
      ...{
        fileName,
        imports,
        code: fileName,
        facadeModuleId: null,
        isEntry: fileName === "main",
        modules: {},
      },
    });
    const chunks = [
      chunk("main", "a", "b"),
      chunk("a", "deep"),
      chunk("b", "deep"),
      chunk("deep"),
      chunk("later"),
    ];
    expect(firstScreen(chunks).map(({ fileName }) => fileName)).toEqual(["main", "a", "b", "deep"]);
  });
});
