import { readdirSync, readFileSync } from "node:fs";
import type { Page } from "playwright-core";

export interface Template {
  name: string;
  html: string;
}

const FOLDER = "test/fixtures/templates";

/** Rules that a sheet can have but a `style` attribute cannot. */
const NOT_INLINE = /^(media-.*|link-states)$/;

/** Mails styled by a sheet, each in one way that real sheets use. */
export const sheetTemplates = (): Template[] =>
  readdirSync(`${FOLDER}/sheets`).map((file) => {
    const [mail = "", name = ""] = file.split(".");
    const [sheet = "", start = ""] = readFileSync(`${FOLDER}/sheets/${file}`, "utf8").split("{{start}}");
    const html = readFileSync(`${FOLDER}/mails/${mail}.html`, "utf8");
    return { name, html: html.replace("{{sheet}}", () => sheet).replace("{{start}}", () => start) };
  });

/** Mails of a folder, with addresses filled in as senders do. */
export const templatesIn = (folder: string): Template[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.html?$/.test(name))
    .map((name) => ({
      name,
      html: readFileSync(`${folder}/${name}`, "utf8").replace(
        /href=(["'])(?!https?:|mailto:|tel:|\/\/|#[^"'])[^"']*\1/gi,
        'href="https://link.example/x"',
      ),
    }));

/** Runs in the page: moves the sheets' rules into `style` attributes, as mail inliners do. */
function inline(): string {
  for (const sheet of document.styleSheets) {
    if (sheet.href) continue;
    for (const rule of sheet.cssRules) {
      if (!(rule instanceof CSSStyleRule)) continue;
      for (const element of document.querySelectorAll<HTMLElement>(rule.selectorText)) {
        element.style.cssText += rule.style.cssText;
      }
    }
  }
  for (const sheet of document.querySelectorAll("style, link")) sheet.remove();
  const type = document.doctype;
  const doctype = type?.publicId ? `html PUBLIC "${type.publicId}" "${type.systemId}"` : "html";
  return `<!DOCTYPE ${doctype}>${document.documentElement.outerHTML}`;
}

/** The same mails, styled by attributes. */
export async function inlineTemplates(page: Page): Promise<Template[]> {
  const templates: Template[] = [];
  for (const { name, html } of sheetTemplates()) {
    if (NOT_INLINE.test(name)) continue;
    await page.setContent(html, { waitUntil: "domcontentloaded" });
    templates.push({ name, html: await page.evaluate(inline) });
  }
  return templates;
}
