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

/** A table for each group of cases; a case that costs the same at every size has one line. */
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

/** Numbers in an answer have more digits in a larger mailbox: its length says nothing. */
const unitsText = (cost: Cost): string => JSON.stringify({ ...cost, bytes: 0 });

/** The bars, and how they were held. */
export const renderBars = ({ sizes }: Results, bars: Bar[]): string =>
  renderTable(
    ["Bar", "limit", ...sizes.map((size) => `${size.toLocaleString("en-US")} mails`), ""],
    bars.map(({ what, limit, values, holds }) => [what, limit, ...values, holds ? "PASS" : "FAIL"]),
  );

/** What rises with the mailbox, from the smallest to the largest, and why. */
export const renderGrowth = (results: Results): string =>
  CASES.flatMap((each) => growthOf(results, each) ?? []).join("\n");

function growthOf({ sizes, bySize }: Results, { name, grows }: Case): string | null {
  const costs = sizes.flatMap((size) => bySize.get(size)?.get(name) ?? []);
  const reads = costs.map(({ rowsRead }) => rowsRead);
  if (!grows || new Set(reads).size < 2) return null;
  return `  ${name}: ${reads.map((rows) => rows.toLocaleString("en-US")).join(", ")} rows read: ${grows}`;
}

/** The results as JSON, for the cost model: what is billed of each case at each size. */
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
  // As the formatter writes a list of numbers.
  const list = json.replace(/"sizes": \[[^\]]*\]/, `"sizes": [${sizes.join(", ")}]`);
  return `${list}\n`;
}
