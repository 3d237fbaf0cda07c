import { costOf, type Results } from "./measure.ts";

interface Series {
  label: string;
  /** The name of the case. */
  name: string;
  unit: "rowsRead" | "rowsWritten";
  color: string;
  /** True for a statement that Xabar avoids. */
  isNaive?: boolean;
}

const SERIES: Series[] = [
  {
    ...{
      label: "inbox of 40 companies, one statement",
      name: "naive: inbox of 40 companies in one statement",
    },
    ...{ unit: "rowsRead", color: "#b91c1c", isNaive: true },
  },
  {
    ...{ label: "ten old unread, found by having no row", name: "naive: unread, found by having no row" },
    ...{ unit: "rowsRead", color: "#c2410c", isNaive: true },
  },
  {
    ...{ label: "the total, by COUNT(*)", name: "naive: the total by COUNT(*)" },
    ...{ unit: "rowsRead", color: "#a16207", isNaive: true },
  },
  { label: "inbox of 40 companies", name: "inbox, 40 companies", unit: "rowsRead", color: "#1d4ed8" },
  { label: "messages, page 1", name: "messages, page 1", unit: "rowsRead", color: "#0369a1" },
  { label: "inbox, page 1", name: "inbox, page 1, all read but ten", unit: "rowsRead", color: "#0f766e" },
  { label: "ten old unread", name: "inbox, unread, ten among all", unit: "rowsRead", color: "#15803d" },
  { label: "threads, page 1", name: "threads, page 1", unit: "rowsRead", color: "#4d7c0f" },
  {
    label: "a new mail, rows written",
    name: "new mail, known thread",
    unit: "rowsWritten",
    color: "#7e22ce",
  },
  { label: "unread counts", name: "unread counts", unit: "rowsRead", color: "#4338ca" },
];

const WIDTH = 920;
const HEIGHT = 500;
const PLOT = { left: 70, right: 520, top: 76, bottom: 430 };
const LABEL_X = PLOT.right + 28;
/** Distance between the baselines of labels. */
const LABEL_STEP = 19;
const TOP_ROWS = 1e7;

const share = (value: number, from: number, to: number): number =>
  Math.log(value / from) / Math.log(to / from);
const yOf = (rows: number): number =>
  PLOT.bottom - share(Math.max(rows, 1), 1, TOP_ROWS) * (PLOT.bottom - PLOT.top);

/** Renders rows by mailbox size as an SVG with its own background. Both axes are logarithmic. */
export function renderChart(results: Results): string {
  const { sizes } = results;
  const [first = 1, last = 1] = [sizes[0], sizes.at(-1)];
  const xOf = (size: number) =>
    first === last ? PLOT.right : PLOT.left + share(size, first, last) * (PLOT.right - PLOT.left);
  const lines = SERIES.map((one) => {
    const points = sizes.map((size) => ({ x: xOf(size), rows: costOf(results, size, one.name)[one.unit] }));
    return { ...one, points, rows: points.at(-1)?.rows ?? 0 };
  });
  const heights = spread(lines.map(({ rows }) => yOf(rows)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13" fill="#1f2937">
<title>Rows billed for a call, by the size of the mailbox</title>
<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="8" fill="#ffffff" stroke="#d1d5db"/>
<text x="24" y="32" font-size="17" font-weight="600">Everyday calls cost the same however much mail there is</text>
<text x="24" y="53" fill="#4b5563">Rows that D1 bills for one call. Solid: Xabar. Dashed: the obvious SQL on the same rows, which Xabar does not use.</text>
${renderGrid(sizes, xOf)}
${lines.map((line) => renderLine(line, heights.get(yOf(line.rows)) ?? [])).join("\n")}
</svg>
`;
}

function renderGrid(sizes: number[], xOf: (size: number) => number): string {
  const { left, right, top, bottom } = PLOT;
  const rows = Array.from({ length: Math.log10(TOP_ROWS) + 1 }, (_, power) => 10 ** power);
  return [
    ...rows.map((each) => {
      const y = round(yOf(each));
      return `<path d="M${left} ${y}H${right}" stroke="#e5e7eb"/><text x="${left - 8}" y="${y + 4}" text-anchor="end" fill="#4b5563" font-size="12">${short(each)}</text>`;
    }),
    ...sizes.map((size, nth) => {
      const anchor = nth === 0 ? "start" : nth === sizes.length - 1 ? "end" : "middle";
      return `<text x="${round(xOf(size))}" y="${bottom + 20}" text-anchor="${anchor}" fill="#4b5563" font-size="12">${size.toLocaleString("en-US")}</text>`;
    }),
    `<text x="${(left + right) / 2}" y="${bottom + 44}" text-anchor="middle" fill="#4b5563">mails in the mailbox (logarithmic)</text>`,
    `<text transform="translate(20 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle" fill="#4b5563">rows (logarithmic)</text>`,
  ].join("\n");
}

type Line = Series & { points: { x: number; rows: number }[]; rows: number };

/** @param heights label positions for lines with the same end; removes the one that it uses */
function renderLine({ label, color, isNaive, points, rows }: Line, heights: number[]): string {
  const at = points.map(({ x, rows: each }) => `${round(x)} ${round(yOf(each))}`);
  const y = round(heights.shift() ?? yOf(rows));
  const dash = isNaive ? ' stroke-dasharray="6 4"' : "";
  const end = round(yOf(rows));
  const dots = points.map(
    ({ x, rows: each }) => `<circle cx="${round(x)}" cy="${round(yOf(each))}" r="3" fill="${color}"/>`,
  );
  return `<path d="M${at.join("L")}" fill="none" stroke="${color}" stroke-width="2"${dash}/>${dots.join("")}
<path d="M${PLOT.right + 6} ${end}L${LABEL_X - 5} ${y}" stroke="${color}" stroke-opacity="0.5"/>
<text x="${LABEL_X}" y="${y + 4}" fill="${color}">${label}: ${rows.toLocaleString("en-US")}</text>`;
}

/**
 * Moves overlapping labels apart.
 * @param wanted preferred positions, in pixels from the top
 * @returns the positions by preferred position
 */
function spread(wanted: number[]): Map<number, number[]> {
  const sorted = wanted.toSorted((a, b) => a - b);
  let clusters: { size: number; middle: number }[] = [];
  for (const y of sorted) {
    let cluster = { size: 1, middle: y };
    for (let above = clusters.at(-1); above && touches(above, cluster); above = clusters.at(-1)) {
      const size = above.size + cluster.size;
      cluster = { size, middle: (above.middle * above.size + cluster.middle * cluster.size) / size };
      clusters = clusters.slice(0, -1);
    }
    clusters.push(cluster);
  }
  const placed = clusters.flatMap(({ size, middle }) =>
    Array.from({ length: size }, (_, nth) => middle + (nth - (size - 1) / 2) * LABEL_STEP),
  );
  const places = new Map<number, number[]>();
  sorted.forEach((y, nth) => {
    places.set(y, [...(places.get(y) ?? []), placed[nth] ?? y]);
  });
  return places;
}

const touches = (above: { size: number; middle: number }, below: { size: number; middle: number }): boolean =>
  below.middle - above.middle < ((above.size + below.size) / 2) * LABEL_STEP;

const round = (pixels: number): number => Math.round(pixels * 10) / 10;

const short = (rows: number): string =>
  rows >= 1e6 ? `${rows / 1e6} M` : rows >= 1000 ? `${rows / 1000} k` : String(rows);
