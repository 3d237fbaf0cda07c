import type { Random } from "./random.ts";
import { escapeHtml } from "./text.ts";

export interface ReportTexts {
  title: string;
  intro: string;
  head: string[];
  end: string;
  city: string[];
  product: string[];
  states: string[];
}

/** A table of shipments. It gets rows until the body has at least `bytes` bytes. */
export function reportHtml(
  random: Random,
  { bytes, title, intro, head, end, city, product, states }: ReportTexts & { bytes: number },
): string {
  const money = new Intl.NumberFormat("uz");
  const parts = [
    `<h1>${title}</h1>\n<p>${intro}</p>\n`,
    `<table border="1" cellspacing="0">\n<tr>${head.map((column) => `<th>${column}</th>`).join("")}</tr>\n`,
  ];
  const closing = `</table>\n<p>${end}</p>`;
  let size = Buffer.byteLength(parts.join("") + closing);
  for (let row = 1; size < bytes; row++) {
    const kilograms = random.int(5, 240) * 10;
    const cells = [
      `${row}`,
      `AN-${random.int(100000, 999999)}`,
      `${String(random.int(1, 28)).padStart(2, "0")}.${String(random.int(1, 12)).padStart(2, "0")}`,
      random.pick(city),
      random.pick(product),
      money.format(kilograms),
      money.format(kilograms * random.int(42, 175) * 1000),
      random.pick(states),
    ];
    const style = `background:${row % 2 ? "#ffffff" : "#f2f6f2"};font:12px Arial`;
    const line = `<tr style="${style}">${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>\n`;
    size += Buffer.byteLength(line);
    parts.push(line);
  }
  return parts.concat(closing).join("");
}
