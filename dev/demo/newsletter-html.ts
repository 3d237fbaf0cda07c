import { type Newsletter, newsletterTemplate, storyTemplate } from "./data.ts";
import { escapeHtml, fill } from "./text.ts";

export interface Issue {
  number: number;
  stories: [headline: string, text: string][];
  /** The address of the reader, for the unsubscribe link. */
  reader: string;
}

/** Renders an issue as marketing tools do: nested tables, inline styles, remote images, a tracking pixel. */
export function newsletterHtml(newsletter: Newsletter, { number, stories, reader }: Issue): string {
  const { from, colour, locale, intro, readMore, table, footer, unsubscribe } = newsletter;
  const host = from.email.split("@")[1]!;
  const issue = `${number}`;
  const fillEscaped = (
    template: string,
    texts: Record<string, string>,
    markup: Record<string, string> = {},
  ) =>
    fill(template, {
      ...Object.fromEntries(Object.entries(texts).map(([slot, text]) => [slot, escapeHtml(text)])),
      ...markup,
    });
  return fillEscaped(
    newsletterTemplate,
    { host, issue, locale, colour, sender: from.name, intro, footer, unsubscribe },
    {
      reader: encodeURIComponent(reader),
      head: cells("th", table.head),
      rows: table.rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n"),
      stories: stories
        .map(([headline, text], index) => ({ headline, text, nth: `${index + 1}` }))
        .map((story) => fillEscaped(storyTemplate, { ...story, host, issue, colour, readMore }))
        .join("\n"),
    },
  );
}

const cells = (tag: "th" | "td", row: string[]): string =>
  row
    .map(
      (cell) => `<${tag} style="padding:6px 10px;border-bottom:1px solid #ddd">${escapeHtml(cell)}</${tag}>`,
    )
    .join("");
