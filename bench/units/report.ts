import { type Cell, renderTable } from "../support/table.ts";
import type { Bar } from "./bars.ts";
import type { Case } from "./cases/case.ts";
import { CASES, GROUPS } from "./cases.ts";
import type { Cost, Results } from "./measure.ts";

const COLUMNS = [
  ...["mails", "rows read", "rows written", "statements", "round trips"],
  ...["queue ops", "R2 A", "R2 B", "DO requests", "bytes"],
];

const toCells = (cost: Cost): Cell[] => [
  ...[cost.rowsRead, cost.rowsWritten, cost.statements, cost.roundTrips],
  ...[cost.queueOps, cost.r2A, cost.r2B, cost.durableRequests, cost.bytes],
];

/** Renders a table per group. A case with the same cost at every size has one line. */
export const renderCosts = (results: Results): string =>
  GROUPS.map(({ title, cases }) => {
    const rows = cases.flatMap(({ name }) => linesOf(results, name));
    return renderTable([title, ...COLUMNS], rows);
  }).join("\n\n");

function linesOf({ sizes, bySize }: Results, name: string): Cell[][] {
  const found = sizes.flatMap((size) => {
    const cost = bySize.get(size)?.get(name);
    return cost ? [{ size, cost }] : [];
  });
  const last = found.at(-1)?.cost;
  const isSame = found.length > 1 && new Set(found.map(({ cost }) => unitsText(cost))).size === 1;
  if (isSame && last) return [[name, "any", ...toCells(last)]];
  return found.map(({ size, cost }, nth) => [nth ? "" : name, size, ...toCells(cost)]);
}

/** Ignores the response size: numbers have more digits in a larger mailbox. */
const unitsText = (cost: Cost): string => JSON.stringify({ ...cost, bytes: 0 });

/** Renders the bars and the measured values. */
export const renderBars = ({ sizes }: Results, bars: Bar[]): string =>
  renderTable(
    ["Bar", "limit", ...sizes.map((size) => `${size.toLocaleString("en-US")} mails`), ""],
    bars.map(({ what, limit, values, holds }) => [what, limit, ...values, holds ? "PASS" : "FAIL"]),
  );

/** Renders the calls that grow with the mailbox, with the reasons. */
export const renderGrowth = (results: Results): string =>
  CASES.flatMap((each) => growthOf(results, each) ?? []).join("\n");

function growthOf({ sizes, bySize }: Results, { name, grows }: Case): string | null {
  const costs = sizes.flatMap((size) => bySize.get(size)?.get(name) ?? []);
  const reads = costs.map(({ rowsRead }) => rowsRead);
  if (!grows || new Set(reads).size < 2) return null;
  return `  ${name}: ${reads.map((rows) => rows.toLocaleString("en-US")).join(", ")} rows read: ${grows}`;
}

/** The billed units by case and size as JSON, for `bench cost`. */
export function toJson({ sizes, bySize, bytesPerMessage }: Results): string {
  const unitsOf = (name: string) =>
    Object.fromEntries(
      sizes.flatMap((size) => {
        const cost = bySize.get(size)?.get(name);
        if (!cost) return [];
        const { statements: _statements, hubStarts: _hubStarts, ...billed } = cost;
        return [[size, billed]];
      }),
    );
  const cases = CASES.map(({ name }) => ({ name, units: unitsOf(name) }));
  const json = JSON.stringify({ sizes, cases, bytesPerMessage }, null, 2);
  // Format the list as biome does.
  const list = json.replace(/"sizes": \[[^\]]*\]/, `"sizes": [${sizes.join(", ")}]`);
  return `${list}\n`;
}
