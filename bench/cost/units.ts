import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What one call costs, everything that it set going included. */
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
  /** The units of a case in a mailbox of about so many mails. @throws Error when nobody knows the case */
  of(name: string, mails: number): Units;
  /** Bytes that a mail takes of the database. */
  bytesPerMessage: number;
  /** The cases that were asked for and are not measured. */
  estimated: Set<string>;
}

interface UnitFile {
  cases: { name: string; units: Record<string, Partial<Units>> }[];
  bytesPerMessage: number;
}

const ESTIMATES = fileURLToPath(new URL("estimated-units.json", import.meta.url));

/**
 * Reads what `bench units` has measured. Estimates fill the gaps.
 * @param path of the measured units; without that file all are estimates
 */
export function readUnits(path: string): UnitTable {
  const estimates = readFile(ESTIMATES);
  const measured = existsSync(path)
    ? readFile(path)
    : { cases: [], bytesPerMessage: estimates.bytesPerMessage };
  const estimated = new Set<string>();
  const of = (name: string, mails: number): Units => {
    const found = unitsOf(measured, name, mails);
    if (!found) estimated.add(name);
    const units = found ?? unitsOf(estimates, name, mails);
    if (!units) throw new Error(`There are no units of "${name}", neither in ${path} nor in ${ESTIMATES}`);
    return { ...NOTHING, ...units };
  };
  return { of, bytesPerMessage: measured.bytesPerMessage, estimated };
}

/** No units. */
export const NOTHING: Units = {
  ...{ rowsRead: 0, rowsWritten: 0, roundTrips: 0, queueOps: 0 },
  ...{ r2A: 0, r2B: 0, durableRequests: 0 },
};

const readFile = (path: string): UnitFile => JSON.parse(readFileSync(path, "utf8"));

/** Of the smallest measured mailbox that holds as many mails, or else the largest. */
function unitsOf({ cases }: UnitFile, name: string, mails: number): Partial<Units> | undefined {
  const units = cases.find((each) => each.name === name)?.units;
  if (!units) return undefined;
  const sizes = Object.keys(units)
    .map(Number)
    .sort((one, other) => one - other);
  return units[String(sizes.find((size) => size >= mails) ?? sizes.at(-1))];
}
