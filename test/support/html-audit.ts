import { expect } from "vitest";
import { sanitizeMail } from "../../src/lib/html/sanitize.ts";

interface Tag {
  name: string;
  attributes: Record<string, string>;
}

/** Elements as a browser's tokenizer sees them. HTMLRewriter shares no code with the sanitiser. */
export async function tagsOf(html: string): Promise<Tag[]> {
  const tags: Tag[] = [];
  const rewriter = new HTMLRewriter().on("*", {
    element: (element) => {
      const attributes = Object.fromEntries(Array.from(element.attributes as Iterable<string[]>));
      tags.push({ name: element.tagName.toLowerCase(), attributes });
    },
  });
  await rewriter.transform(new Response(html)).text();
  return tags;
}

const TAGS =
  /^(a|abbr|address|article|aside|b|bdi|bdo|big|blockquote|br|caption|center|cite|code|col|colgroup|dd|del|dfn|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|header|hr|i|img|ins|kbd|label|li|main|mark|nav|ol|p|pre|q|s|samp|section|small|span|strike|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var|wbr)$/;
const ATTRIBUTES =
  /^(class|id|hidden|style|dir|lang|title|align|valign|bgcolor|background|height|width|colspan|rowspan|nowrap|clear|href|rel|target|color|face|size|noshade|src|alt|border|hspace|vspace|type|value|reversed|start|cellpadding|cellspacing|span)$/;
const ROOT_ATTRIBUTES =
  /^(class|id|hidden|style|dir|lang|align|bgcolor|background|text|link|alink|vlink|(bottom|left|right|top)margin|margin(height|width))$/;
const LINKS =
  /^(https?:\/\/|(mailto|tel|sms|smsto|mms|callto|facetime|facetime-audio|geo|sips?|skype|tg|viber|whatsapp|signal|xmpp|im|ircs?|matrix|webcals?):|about:srcdoc#mail-)/i;
const DATA_IMAGE = /^data:image\/(png|jpeg|gif|webp);base64,[\w+/=]*$/;
const PROPERTIES =
  /^(background(-(attachment|clip|color|image|origin|position|repeat|size))?|(-webkit-|-ms-)?text-size-adjust|color(-scheme)?|opacity|direction|unicode-bidi|visibility|font(-(family|size|style|variant|weight))?|(letter|word)-spacing|line-height|text-(align|decoration(-(color|line|style|thickness))?|indent|overflow|shadow|transform|underline-offset)|vertical-align|white-space|(word|overflow)-wrap|word-break|hyphens|display|float|clear|overflow(-[xy])?|box-(sizing|shadow)|table-layout|caption-side|empty-cells|object-fit|align-(content|items|self)|justify-content|order|flex(-(basis|direction|flow|grow|shrink|wrap))?|((row|column)-)?gap|((min|max)-)?(width|height)|border(-(collapse|color|spacing|style|width))?|border(-(top|bottom)-(left|right))?-radius|(border|margin|padding)(-(top|right|bottom|left))?|border-(top|right|bottom|left)-(color|style|width)|list-style(-(position|type))?|outline)$/;
const WORDS =
  /^(?:[\p{L}\p{N} _#%.,'/!+)-]|(?:rgba?|hsla?|(?:linear|radial)-gradient|calc|min|max|clamp)\()*$/u;
const CSS_IMAGE = /url\('https:\/\/[^\s'"()<>{}\\*]+'\)/g;
const SELECTORS = /^(?:[\w\s.#:*>+~,()-]|[^\0-\x7f]|\[\w+ ?(?:[~|^$*]?= ?[\w .:#%'"-]+ ?)?\])+$/;

export type Images = "blocked" | "remote";

/** Fails unless the declarations can load only allowed images. */
function expectSafeDeclarations(css: string, images: Images): void {
  for (const declaration of css.split(/;(?![^()]*'\))/).map((text) => text.trim())) {
    if (!declaration) continue;
    const [, property, value = ""] = /^([a-z-]+):(.*)$/.exec(declaration) ?? [];
    expect(property, declaration).toMatch(PROPERTIES);
    const words = images === "remote" ? value.replace(CSS_IMAGE, "") : value;
    expect(words, declaration).toMatch(WORDS);
    expect(words.split("(").length, declaration).toBe(words.split(")").length);
    expect(words.split("'").length % 2, declaration).toBe(1);
  }
}

/** Fails unless the sheet has only allowed rules, bare or in `@media`. */
export function expectSafeSheet(sheet: string, images: Images): void {
  expect(sheet).not.toMatch(/[<\\]|\/\*/);
  const rules = sheet.replace(/@media [\w (),:./-]+\{((?:[^{}]+\{[^{}]*\}\n?)+)\}/g, "$1");
  for (const rule of rules.split(/(?<=\})\n?/)) {
    if (!rule) continue;
    const [, selectors, declarations = ""] = /^([^{}]+)\{([^{}]+)\}$/.exec(rule) ?? [];
    expect(selectors, rule).toMatch(SELECTORS);
    expect(selectors, rule).not.toMatch(/\[(href|src|title|style|alt|background)/i);
    expectSafeDeclarations(declarations, images);
  }
}

function expectSafeAttributes({ name, attributes }: Tag, known: RegExp, images: Images): void {
  for (const [attribute, value] of Object.entries(attributes)) {
    expect(attribute).toMatch(known);
    if (attribute === "href") expect(value).toMatch(LINKS);
    if (attribute === "target")
      expect([value, attributes.href]).toEqual(["_self", expect.stringMatching(/^about:srcdoc#/)]);
    if (attribute === "id") expect(value).toMatch(/^mail-/);
    if (attribute === "style") expectSafeDeclarations(value.replaceAll("&amp;", "&"), images);
    if (attribute !== "src" && attribute !== "background") continue;
    const isOwn = attribute === "src" && (DATA_IMAGE.test(value) || value.startsWith("cid:"));
    if (!isOwn) expect([images, name, value]).toEqual(["remote", name, expect.stringMatching(/^https:\/\//)]);
  }
}

const IS_MARKUP = /^(?:[^<>]|<\/?[a-z][a-z0-9]*(?: [a-z]+(?:="[^"<>]*")?)*>)*$/;

/** Fails if the markup can run scripts, load, submit or cover content. */
export async function expectSafeBody(body: string, images: Images): Promise<void> {
  expect(body).toMatch(IS_MARKUP);
  for (const tag of await tagsOf(body)) {
    expect(tag.name).toMatch(TAGS);
    expectSafeAttributes(tag, ATTRIBUTES, images);
  }
}

/**
 * Sanitises each mail with and without images. Fails unless every part of the results is safe and sanitises to
 * itself. One tokenizer run reads all results: each has only whole tags, so none affects another.
 */
export async function expectHarmless(...mails: string[]): Promise<void> {
  for (const images of ["blocked", "remote"] as const) {
    const results = mails.map((html) => sanitizeMail(html, images === "remote"));
    for (const { body, sheet, htmlAttributes, bodyAttributes } of results) {
      expect(body).toMatch(IS_MARKUP);
      expect(htmlAttributes + bodyAttributes).toMatch(/^(?: [a-z]+(?:="[^"<>]*")?)*$/);
      expectSafeSheet(sheet, images);
      const whole = `<html${htmlAttributes}><style>${sheet}</style><body${bodyAttributes}>${body}`;
      expect(sanitizeMail(whole, images === "remote")).toEqual({
        body,
        sheet,
        htmlAttributes,
        bodyAttributes,
      });
    }
    await expectSafeBody(results.map(({ body }) => body).join("\n"), images);
    const roots = results.map(
      ({ htmlAttributes, bodyAttributes }) => `<div${htmlAttributes}></div><div${bodyAttributes}></div>`,
    );
    for (const tag of await tagsOf(roots.join(""))) expectSafeAttributes(tag, ROOT_ATTRIBUTES, images);
  }
}
