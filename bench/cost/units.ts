import { readFileSync } from "node:fs";

/** What one call costs, with everything that it set going. */
export interface Units {
  rowsRead: number;
  rowsWritten: number;
  /** To D1. */
  roundTrips: number;
  queueOps: number;
  r2A: number;
  r2B: number;
  durableRequests: number;
}

export interface UnitTable {
  /** The units of a case in a mailbox of about this many mails. @throws Error for an unknown case */
  of(name: string, mails: number): Units;
  /** Bytes that a mail takes in the database. */
  bytesPerMessage: number;
  /** The cases asked for so far that are estimated, not measured. */
  estimated: Set<string>;
}

interface UnitFile {
  cases: { name: string; units: Record<string, Partial<Units>> }[];
  bytesPerMessage: number;
}

/** What `bench units` does not measure. */
const ESTIMATED: Record<string, Partial<Units>> = {
  // The key is announced first: two rows, and one when the row of the message refers to it.
  "put a large body into R2": { rowsWritten: 3, roundTrips: 1, r2A: 1 },
  "get a large body from R2": { r2B: 1 },
  "put a large notification into R2, and get it": { r2A: 1, r2B: 1 },
  "a hub reads its log": { rowsRead: 13, roundTrips: 1 },
  "remove an expired delivery": { rowsRead: 4, rowsWritten: 1 },
  "remove an expired event": { rowsRead: 4, rowsWritten: 1 },
  "sweep a mailbox": { rowsRead: 5, rowsWritten: 2, roundTrips: 3, queueOps: 3 },
  "a sweep sees a mail again": { rowsRead: 4, roundTrips: 1, durableRequests: 1 },
};

/**
 * Reads the units that `bench units` has measured. Estimates fill the gaps.
 * @throws Error when the file cannot be read
 */
export function readUnits(path: string): UnitTable {
  const measured: UnitFile = JSON.parse(readFileSync(path, "utf8"));
  const estimated = new Set<string>();
  const of = (name: string, mails: number): Units => {
    const found = measuredUnits(measured, name, mails);
    if (!found) estimated.add(name);
    const units = found ?? ESTIMATED[name];
    if (!units) throw new Error(`The units of "${name}" are neither in ${path} nor estimated`);
    return { ...NOTHING, ...units };
  };
  return { of, bytesPerMessage: measured.bytesPerMessage, estimated };
}

/** No units. */
export const NOTHING: Units = {
  ...{ rowsRead: 0, rowsWritten: 0, roundTrips: 0, queueOps: 0 },
  ...{ r2A: 0, r2B: 0, durableRequests: 0 },
};

/** Takes the smallest measured mailbox with at least `mails` mails, or else the largest. */
function measuredUnits({ cases }: UnitFile, name: string, mails: number): Partial<Units> | undefined {
  const units = cases.find((each) => each.name === name)?.units;
  if (!units) return undefined;
  const sizes = Object.keys(units)
    .map(Number)
    .sort((one, other) => one - other);
  return units[String(sizes.find((size) => size >= mails) ?? sizes.at(-1))];
}
