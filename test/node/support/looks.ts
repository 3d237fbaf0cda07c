import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import { waitFor } from "../../support/wait.ts";

/** A piece of text as a reader sees it. */
export interface Look {
  text: string;
  shown: boolean;
  color: string;
  /** Taken from the nearest ancestor that has one. */
  background: string;
  size: string;
  weight: string;
  align: string;
  /** Pixels, of the text's element. */
  width: number;
  left: number;
}

export interface Difference {
  text: string;
  what: keyof Look | "missing" | "added";
  wanted?: unknown;
  got?: unknown;
}

const STYLE = ["shown", "color", "background", "size", "weight", "align"] as const;
const LAYOUT = ["width", "left"] as const;

/**
 * Compares texts in order; lengths may differ by a pixel. Hidden text must only stay hidden.
 * @param hasPictures false if one side lacks its images, and so their space
 */
export function compareLooks(wanted: Look[], got: Look[], hasPictures = true): Difference[] {
  const properties = [...STYLE, ...(hasPictures ? LAYOUT : [])];
  const differences: Difference[] = [];
  const added = new Set(got);
  let at = 0;
  for (const look of wanted) {
    const index = got.findIndex(({ text }, place) => place >= at && text === look.text);
    const other = got[index];
    if (!other) {
      if (look.shown) differences.push({ text: look.text, what: "missing" });
      continue;
    }
    added.delete(other);
    at = index + 1;
    for (const what of look.shown ? properties : (["shown"] as const)) {
      const [a, b] = [look[what], other[what]];
      const isSame = typeof a === "number" && typeof b === "number" ? Math.abs(a - b) <= 1 : a === b;
      if (!isSame) differences.push({ text: look.text, what, wanted: a, got: b });
    }
  }
  for (const { text, shown } of added) if (shown) differences.push({ text, what: "added" });
  return differences;
}

/** Runs in the page: returns all its text, in order. */
function readLooks(): Look[] {
  const UNSEEN = /^(script|style|title|template|noframes|iframe|select|option)$/i;
  const backgroundOf = (start: Element): string => {
    for (let element: Element | null = start; element; element = element.parentElement) {
      const { backgroundColor } = getComputedStyle(element);
      if (!/^rgba\(.*, 0\)$/.test(backgroundColor)) return backgroundColor;
    }
    return "none";
  };
  // Forces a new layout: after a resize Chromium sometimes keeps a table's old width.
  const { style } = document.documentElement;
  const { display } = style;
  style.display = "none";
  document.documentElement.getBoundingClientRect();
  style.display = display;

  const looks: Look[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = (node.textContent ?? "").replace(/\s+/g, " ").trim();
    if (!element || !text || UNSEEN.test(element.tagName)) continue;
    const { color, fontSize, fontWeight, textAlign } = getComputedStyle(element);
    const range = document.createRange();
    range.selectNodeContents(node);
    const place = range.getBoundingClientRect();
    const { width, left } = element.getBoundingClientRect();
    const isVisible = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    looks.push({
      ...{ text, color, width, left, background: backgroundOf(element) },
      ...{ size: fontSize, weight: fontWeight, align: textAlign },
      shown: isVisible && place.width > 0 && place.height > 0,
    });
  }
  return looks;
}

/** Runs in the page: applies a reader's defaults, and stops animations. */
function addSheets(defaults: string): void {
  const sheets = [defaults, "*{transition:none!important;animation:none!important}"].map((text) => {
    const sheet = document.createElement("style");
    sheet.textContent = text;
    return sheet;
  });
  document.head.prepend(sheets[0]!);
  document.head.append(sheets[1]!);
}

/** A transparent image of one pixel. */
const DOT = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

const ADDRESS = "http://mail.example/";

/** Opens a page that loads only its document. Each image is one pixel, and all other requests fail. */
export class Reader {
  readonly page: Page;
  /** The requested image URLs, as https, and all other requests by kind. */
  readonly asked = new Set<string>();
  #html = "";

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(browser: Browser): Promise<Reader> {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const reader = new Reader(await context.newPage());
    await context.route(/^https?:/, (route) => {
      const url = route.request().url();
      const type = route.request().resourceType();
      if (url === ADDRESS)
        return route.fulfill({ contentType: "text/html; charset=utf-8", body: reader.#html });
      reader.asked.add(type === "image" ? url.replace("http:", "https:") : `${type} ${url}`);
      return type === "image" ? route.fulfill({ contentType: "image/gif", body: DOT }) : route.abort();
    });
    return reader;
  }

  /** @param defaults the reader's styles, for a document without its own */
  async show(html: string, defaults = ""): Promise<void> {
    this.#html = html;
    this.asked.clear();
    await this.page.goto(ADDRESS);
    await this.page.evaluate(addSheets, defaults);
  }

  async looks(width: number, colorScheme: "light" | "dark"): Promise<Look[]> {
    await this.page.emulateMedia({ colorScheme });
    await this.page.setViewportSize({ width, height: 800 });
    const screen = `(width: ${width}px) and (prefers-color-scheme: ${colorScheme})`;
    await waitFor(async () => {
      expect(await this.page.evaluate((query) => matchMedia(query).matches, screen)).toBe(true);
    });
    return this.page.evaluate(readLooks);
  }
}
