import type { Newsletter } from "./newsletters.ts";
import { escapeHtml } from "./text.ts";

export interface Issue {
  number: number;
  stories: [headline: string, text: string][];
  /** The reader, as the link to unsubscribe names it. */
  reader: string;
}

/** An issue as marketing tools write it: nested tables, inline and embedded styles, remote images, a tracking pixel. */
export function newsletterHtml(newsletter: Newsletter, { number, stories, reader }: Issue): string {
  const host = newsletter.from.email.split("@")[1]!;
  const { colour, table } = newsletter;
  const cells = (tag: "th" | "td", row: string[]) =>
    row.map(
      (cell) => `<${tag} style="padding:6px 10px;border-bottom:1px solid #ddd">${escapeHtml(cell)}</${tag}>`,
    );
  const rows = table.rows.map((row) => `<tr>${cells("td", row).join("")}</tr>`).join("\n");
  const articles = stories.map(([headline, text], index) => {
    const link = `https://${host}/i/${number}/${index + 1}?utm_source=mail&amp;utm_campaign=issue-${number}`;
    return `<tr><td class="story" style="padding:16px 24px">
<img src="https://cdn.${host}/img/${number}-${index + 1}.jpg" width="552" height="220" alt="${escapeHtml(headline)}" style="display:block;border-radius:6px">
<h2 style="font-size:20px;margin:12px 0 4px">${escapeHtml(headline)}</h2>
<p style="margin:0 0 8px;line-height:1.5">${escapeHtml(text)}</p>
<a href="${link}" style="color:${colour}">${escapeHtml(newsletter.readMore)} →</a>
</td></tr>`;
  });
  return `<!DOCTYPE html>
<html lang="${newsletter.locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>
body { margin: 0; background: #f4f4f4; font-family: Arial, sans-serif }
.story h2 { color: ${colour} }
@media (max-width: 600px) { .frame { width: 100% !important } .story img { width: 100%; height: auto } }
</style></head>
<body>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" bgcolor="#f4f4f4"><tr><td align="center">
<table class="frame" role="presentation" width="600" cellpadding="0" cellspacing="0" bgcolor="#ffffff">
<tr><td bgcolor="${colour}" style="padding:20px 24px;color:#fff;font-size:24px"><img src="https://cdn.${host}/logo.png" width="40" height="40" alt="" align="left">&nbsp;${escapeHtml(newsletter.from.name)}</td></tr>
<tr><td style="padding:16px 24px;color:#555">${escapeHtml(newsletter.intro)}</td></tr>
${articles.join("\n")}
<tr><td style="padding:8px 24px"><table width="100%" cellspacing="0" style="border-collapse:collapse;font-size:14px">
<tr bgcolor="#eeeeee">${cells("th", table.head).join("")}</tr>
${rows}
</table></td></tr>
<tr><td style="padding:24px;color:#999;font-size:12px">${escapeHtml(newsletter.footer)}<br>
<a href="https://${host}/unsubscribe?u=${encodeURIComponent(reader)}" style="color:#999">${escapeHtml(newsletter.unsubscribe)}</a></td></tr>
</table></td></tr></table>
<img src="https://t.${host}/open.gif?i=${number}" width="1" height="1" alt="">
</body></html>`;
}
