/** A cell: numbers are shown with three significant digits or more, null as a dash. */
export type Cell = string | number | null;

/**
 * Plain text columns under their names, two spaces apart; the first to the left, the others to the right.
 * @returns lines, without a line break at the end
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
