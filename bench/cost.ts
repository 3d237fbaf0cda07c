import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { renderCost } from "./cost/report.ts";
import { readUnits } from "./cost/units.ts";

const UNITS = fileURLToPath(new URL("../docs/units.json", import.meta.url));
const DOCUMENT = fileURLToPath(new URL("../docs/cost.md", import.meta.url));
const BEGIN = "<!-- cost:begin -->";
const END = "<!-- cost:end -->";

/**
 * `cost`: computes the monthly cost on Cloudflare at assumed volumes and the first limits reached, from the units of
 * `bench units`. Prints the tables, and writes them into docs/cost.md between two comments.
 * @returns 0
 * @throws Error if the document lacks the comments
 */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { units: { type: "string", default: UNITS } } });
  const tables = renderCost(readUnits(values.units));
  console.log(tables);
  writeFileSync(DOCUMENT, between(readFileSync(DOCUMENT, "utf8"), tables));
  return 0;
}

function between(document: string, text: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} must contain ${BEGIN}, followed by ${END}`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${document.slice(end)}`;
}
