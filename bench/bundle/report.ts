import { type Cell, renderTable } from "../support/table.ts";
import type { Shares } from "./profile.ts";
import { ratioOf, type Startup } from "./startup.ts";
import type { Weight } from "./weights.ts";

const HEAVIEST_SHARES = 12;

/** The parts of a bundle, with their shares. */
export function renderWeights(title: string, weights: Weight[], minified: number): string {
  const rows = weights.map(({ name, minified: own, run, saving }): Cell[] => [
    name,
    own,
    percent(own / minified),
    run,
    saving,
  ]);
  return renderTable([title, "minified", "share", "runs at start", "saves gzipped"], rows);
}

/** The start of each Worker, and its ratio to the base. */
export function renderStartup(startup: Startup): string {
  const rows = Object.entries(startup.started).map(([name, { median, max }]): Cell[] => [
    name,
    median.toFixed(1),
    max.toFixed(1),
    `${ratioOf(startup, name).toFixed(1)}x`,
  ]);
  return renderTable(["CPU of a start (ms)", "median", "max", "ratio"], rows);
}

/** The time of a start by part. */
export function renderShares(shares: Shares): string {
  const rows = shares.slice(0, HEAVIEST_SHARES).map(([group, share]): Cell[] => [group, percent(share)]);
  return renderTable(["self time of the global scope", "share"], rows);
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
