import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium } from "../../../dev/chromium.ts";
import { contentPolicy, toDocument } from "../../../src/lib/html/document.ts";
import { sanitizeMail } from "../../../src/lib/html/sanitize.ts";
import { waitFor } from "../../support/wait.ts";
import { compareLooks, type Difference, Reader } from "../support/looks.ts";
import { inlineTemplates, sheetTemplates, type Template, templatesIn } from "../support/templates.ts";

// Compares each template with its `/html` document in Chromium. Test other templates with `MAIL_TEMPLATES=<folder>
// npm run test:browser`.

const documentOf = (html: string, remoteImages: boolean): string =>
  toDocument(sanitizeMail(html, remoteImages), contentPolicy([], remoteImages));

/** The document's own default: a reader's font without a mail's styles. */
const [, DEFAULTS = ""] = /<style>(.*?)<\/style>/.exec(documentOf("", false)) ?? [];

const SCREENS = [
  { width: 640, scheme: "light", images: true },
  { width: 360, scheme: "light", images: true },
  { width: 640, scheme: "dark", images: true },
  { width: 640, scheme: "light", images: false },
] as const;

/** Texts that may look different, by template name. */
const REASONS: Record<string, RegExp> = {
  // A browser drops the whole list for an unknown selector, the sanitiser only that selector.
  grouped: /^Shop now$/,
};

const FOLDER = process.env.MAIL_TEMPLATES;
const NO_LIMIT = 0;

let browser: Browser;
let original: Reader;
let shown: Reader;

beforeAll(async () => {
  browser = await launchChromium();
  [original, shown] = [await Reader.open(browser), await Reader.open(browser)];
});

afterAll(() => browser?.close());

interface Result {
  texts: number;
  differences: (Difference & { name: string; screen: string })[];
}

async function measure({ name, html }: Template): Promise<Result> {
  const result: Result = { texts: 0, differences: [] };
  await Promise.all([original.show(html, DEFAULTS), shown.show(documentOf(html, true))]);
  for (const { width, scheme, images } of SCREENS) {
    if (!images) await shown.show(documentOf(html, false));
    const [wanted, got] = await Promise.all([original.looks(width, scheme), shown.looks(width, scheme)]);
    result.texts += wanted.filter((look) => look.shown).length;
    const screen = `${width} ${scheme} images=${Number(images)}`;
    const differences = compareLooks(wanted, got, images);
    result.differences.push(...differences.map((each) => ({ name, screen, ...each })));
  }
  return result;
}

/** The share of texts that look the same per template, and the differences without a known reason. */
async function measureAll(templates: Template[]) {
  const unexplained: Result["differences"] = [];
  let [texts, different] = [0, 0];
  for (const template of templates) {
    const result = await measure(template);
    const names = new Set(result.differences.map(({ text, screen }) => `${screen} ${text}`));
    texts += result.texts;
    different += names.size;
    unexplained.push(...result.differences.filter(({ name, text }) => !REASONS[name]?.test(text)));
    expect(result.texts, `${template.name} shows text`).toBeGreaterThan(0);
  }
  console.log(`${templates.length} templates, ${texts} texts, ${different} of them look different`);
  return { unexplained, share: 1 - different / texts };
}

async function expectSameLook(templates: Template[]): Promise<void> {
  const { unexplained, share } = await measureAll(templates);
  expect(unexplained).toEqual([]);
  expect(share).toBeGreaterThan(0.99);
}

describe("colour, background, size, weight, width and place of all text stay", () => {
  test("in 44 templates styled by sheets", async () => {
    const templates = sheetTemplates();
    expect(templates).toHaveLength(44);
    await expectSameLook(templates);
  });

  test("in 37 templates styled by attributes", async () => {
    const templates = await inlineTemplates(original.page);
    expect(templates).toHaveLength(37);
    await expectSameLook(templates);
  });

  test.runIf(FOLDER)(
    "in the templates of a folder",
    async () => {
      await expectSameLook(templatesIn(FOLDER ?? ""));
    },
    NO_LIMIT,
  );
});

test("a lost style would be found", async () => {
  const [template] = sheetTemplates();
  await original.show(template!.html, DEFAULTS);
  await shown.show(documentOf(template!.html.replace(/<style[\s\S]*?<\/style>/g, ""), false));
  const [wanted, got] = await Promise.all([original.looks(640, "light"), shown.looks(640, "light")]);
  expect(new Set(compareLooks(wanted, got).map(({ what }) => what)).size).toBeGreaterThan(3);
});

test("an image that is not loaded shows its alt text, or keeps its space", async () => {
  const image = (attributes: string) => `<div><img src="https://img.example/a.png" ${attributes}></div>`;
  const sizesOf = async (...images: string[]) => {
    await shown.show(documentOf(images.map(image).join(""), false));
    return shown.page.evaluate(() =>
      Array.from(document.images, (each) => each.getBoundingClientRect().height),
    );
  };
  const [wide, named, empty, spacer, sized] = await sizesOf(
    'width="500" style="height:auto"',
    'width="500" style="height:auto" alt="Our summer sale"',
    'width="500" style="height:auto" alt=""',
    'width="500" height="20" alt=""',
    'width="500" height="120" alt="A field"',
  );
  for (const height of [wide, named, empty]) expect(height).toBeLessThan(40);
  expect([spacer, sized]).toEqual([20, 120]);
});

test("the slices of an image have no gaps", async () => {
  const slice = `<img src="https://img.example/a.png" width="90" height="40" alt="">`;
  const cells = [slice, `<a href="https://shop.example/">${slice}</a>`, ` ${slice} `];
  const html = `<table cellspacing="0" cellpadding="0">${cells.map((cell) => `<tr><td>${cell}</td></tr>`).join("")}</table>`;
  const frame = (document: string) =>
    `<iframe sandbox srcdoc="${document.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"></iframe>`;
  await shown.show(frame(documentOf(html, true)));
  await waitFor(() => expect(shown.page.frames()).toHaveLength(2));
  const cell = shown.page.frames()[1]!.locator("td");
  await waitFor(async () => expect(await cell.count()).toBe(3));
  const heights = await cell.evaluateAll((all) => all.map((each) => each.getBoundingClientRect().height));
  expect(heights).toEqual([40, 40, 40]);
});

test("images load only with images=1, and nothing else ever loads", async () => {
  let pictures = 0;
  for (const { name, html } of sheetTemplates()) {
    await Promise.all([original.show(html), shown.show(documentOf(html, false))]);
    expect([...shown.asked], name).toEqual([]);
    await shown.show(documentOf(html, true));
    const wanted = [...original.asked].filter((asked) => asked.startsWith("https:"));
    pictures += wanted.length;
    expect([...shown.asked].sort(), name).toEqual(wanted.sort());
  }
  expect(pictures).toBeGreaterThan(10);
});
