import { readFileSync } from "node:fs";
import type { Case } from "./cases/case.ts";
import { CHANGES } from "./cases/changes.ts";
import { ITEMS } from "./cases/items.ts";
import { LISTS } from "./cases/lists.ts";
import { LIVE } from "./cases/live.ts";
import { MAIL } from "./cases/mail.ts";
import { NAIVE } from "./cases/naive.ts";

/** All that is called, in this order: what only reads comes first, and streams come last. */
export const GROUPS: { title: string; cases: Case[] }[] = [
  { title: "Lists of mail", cases: LISTS },
  { title: "One thing read, and cron", cases: ITEMS },
  { title: "For contrast, on the same rows", cases: NAIVE },
  { title: "Changes", cases: CHANGES },
  { title: "Mail that comes and goes", cases: MAIL },
  { title: "Live", cases: LIVE },
];

/** Those of all groups. */
export const CASES: Case[] = GROUPS.flatMap(({ cases }) => cases);

const GOLDEN = new URL("../../test/routes.test.ts", import.meta.url);

/** @throws Error naming the routes of the golden table that no case calls, and those of cases that it does not have */
export function checkRoutes(): void {
  const table = /const TABLE = `([^`]+)`/.exec(readFileSync(GOLDEN, "utf8"))?.[1] ?? "";
  const golden = table
    .trim()
    .split("\n")
    .map((line) => line.replace(/ \w+$/, ""));
  if (golden.length < 10) throw new Error(`${GOLDEN.pathname} has no table of routes`);
  const called = CASES.flatMap(({ route }) => route ?? []);
  const missing = golden.filter((route) => !called.includes(route));
  const unknown = called.filter((route) => !golden.includes(route));
  if (missing.length) throw new Error(`No case calls: ${missing.join(", ")}`);
  if (unknown.length) throw new Error(`There is no such route: ${unknown.join(", ")}`);
}
