/** Numbers have at least three significant digits; null is a dash. */
export type Cell = string | number | null;

/**
 * Renders a table as text. The first column is aligned left, the others right.
 * @returns lines without a final line break
 */
export function renderTable(columns: string[], rows: Cell[][]): string {
  const lines = [columns, ...rows.map((row) => row.map(toText))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const rule = widths.map((width) => "-".repeat(width));
  const [head = [], ...body] = lines;
  return [head, rule, ...body]
    .map((line) =>
      line.map((text, at) => (at ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0))).join("  "),
    )
    .join("\n");
}

function toText(cell: Cell): string {
  if (cell === null || Number.isNaN(cell)) return "-";
  if (typeof cell === "string") return cell;
  if (Number.isInteger(cell) || Math.abs(cell) >= 100) return Math.round(cell).toLocaleString("en-US");
  return cell.toPrecision(3);
}
