import type { Random } from "./random.ts";
import { escapeHtml } from "./text.ts";

const HEAD = ["№", "Jo‘natma", "Sana", "Shahar", "Mahsulot", "Og‘irlik, kg", "Summa, so‘m", "Holati"];
const STATES = ["yetkazildi", "yo‘lda", "omborda", "qaytarildi"];

/** A table with one row per shipment, as long as it takes for a body of at least `bytes`. */
export function reportHtml(
  random: Random,
  { bytes, cities, products }: { bytes: number; cities: string[]; products: string[] },
): string {
  const money = new Intl.NumberFormat("uz");
  const parts = [
    "<h1>Yillik hisobot: barcha jo‘natmalar</h1>\n<p>Jadval omborxona dasturidan chiqarilgan.</p>\n",
    `<table border="1" cellspacing="0">\n<tr>${HEAD.map((title) => `<th>${title}</th>`).join("")}</tr>\n`,
  ];
  const end = "</table>\n<p>Hisobot oxiri.</p>";
  let size = Buffer.byteLength(parts.join("") + end);
  for (let row = 1; size < bytes; row++) {
    const kilograms = random.int(5, 240) * 10;
    const cells = [
      `${row}`,
      `AN-${random.int(100000, 999999)}`,
      `${String(random.int(1, 28)).padStart(2, "0")}.${String(random.int(1, 12)).padStart(2, "0")}`,
      random.pick(cities),
      random.pick(products),
      money.format(kilograms),
      money.format(kilograms * random.int(42, 175) * 1000),
      random.pick(STATES),
    ];
    const style = `background:${row % 2 ? "#ffffff" : "#f2f6f2"};font:12px Arial`;
    const line = `<tr style="${style}">${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>\n`;
    size += Buffer.byteLength(line);
    parts.push(line);
  }
  return parts.concat(end).join("");
}
