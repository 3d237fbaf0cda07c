import { sweepMinutes } from "./activities.ts";
import { driversOf } from "./drivers.ts";
import {
  databasesFor,
  inOrder,
  isolatesForStreams,
  type Limit,
  limitsOf,
  monthsUntilFull,
  shareOf,
  usersThatMeet,
} from "./limits.ts";
import { renderMailbox } from "./mailbox.ts";
import { costOf, type Meter, PRICES, SUBSCRIPTION, type Usage } from "./prices.ts";
import type { UnitTable } from "./units.ts";
import { usageOf } from "./usage.ts";
import { SCALES, type Scale, VOLUMES, WORKING_DAYS } from "./volumes.ts";

interface Result {
  scale: Scale;
  usage: Usage;
  limits: Limit[];
}

/** Renders assumptions, bill and limits at each scale as Markdown. */
export function renderCost(table: UnitTable): string {
  const results = SCALES.map((scale) => ({
    scale,
    usage: usageOf(scale, table),
    limits: limitsOf(scale, table),
  }));
  return [
    `### Assumed\n\n${renderVolumes()}`,
    `### A month's bill, in US dollars\n\n${renderBill(results)}`,
    describeDrivers(table),
    `### How much of each limit is taken, with one database\n\n${renderLimits(results)}`,
    results.map((result) => `- ${describeFirst(result, table)}`).join("\n"),
    describeEstimated(table),
    `### A mailbox connected by IMAP, a month\n\n${renderMailbox()}`,
  ].join("\n\n");
}

function renderVolumes(): string {
  const scales = SCALES.map(
    (scale) =>
      `${format(scale.users)} users in ${scale.companies === 1 ? "1 company" : `${format(scale.companies)} companies`}`,
  );
  const lines = Object.values(VOLUMES).map(([value, what]) => `| ${format(value)} | ${what} |`);
  const days = `| ${WORKING_DAYS} | working days a month; cron runs on all days |`;
  return [`${scales.join("; ")}.`, "", "| how much | of what |", "| ---: | --- |", ...lines, days].join("\n");
}

function renderBill(results: Result[]): string {
  const lines = (Object.keys(PRICES) as Meter[]).map((meter) => {
    const cells = results.map(
      ({ usage }) => `${shorten(usage[meter])} | ${dollars(costOf(meter, usage[meter]))}`,
    );
    return `| ${PRICES[meter].name} (${PRICES[meter].unit}) | ${cells.join(" | ")} |`;
  });
  const totals = results.map(({ usage }) => totalOf(usage));
  return [
    `| | ${SCALES.map(({ users }) => `${format(users)} users | $`).join(" | ")} |`,
    `| --- | ${SCALES.map(() => "---: | ---:").join(" | ")} |`,
    ...lines,
    `| Workers Paid | ${totals.map(() => ` | ${dollars(SUBSCRIPTION)}`).join(" | ")} |`,
    `| **Total** | ${totals.map((total) => ` | **${dollars(total)}**`).join(" | ")} |`,
    `| for each user | ${totals.map((total, at) => ` | ${dollars(total / (SCALES[at]?.users ?? 1))}`).join(" | ")} |`,
  ].join("\n");
}

const DEAREST = 8;

/** The largest contributions to the largest bill. */
function describeDrivers(table: UnitTable): string {
  const scale = SCALES.at(-1);
  if (!scale) return "";
  const drivers = driversOf(scale, table);
  const all = drivers.reduce((sum, { dollars }) => sum + dollars, 0);
  const named = drivers.slice(0, DEAREST).map(({ name, dollars }) => `${name} (${percent(dollars / all)})`);
  return `What ${format(scale.users)} users pay for, storage apart: ${named.join("; ")}.`;
}

const totalOf = (usage: Usage): number =>
  (Object.keys(PRICES) as Meter[]).reduce((sum, meter) => sum + costOf(meter, usage[meter]), SUBSCRIPTION);

/** The scale that extrapolates users to limits: its companies have a typical size. */
const TYPICAL = 1;

function renderLimits(results: Result[]): string {
  const lines = (results[TYPICAL]?.limits ?? []).map((typical, at) => {
    const { name, limit, unit, owner, scope } = typical;
    const cells = results.map(({ limits }) => percent(shareOf(limits[at] ?? typical)));
    const users = usersThatMeet(typical, SCALES[TYPICAL] ?? { users: 1, companies: 1 });
    const met = `${round(users)}${scope === "company" ? " in one company" : ""}`;
    return `| ${name}${owner === "Xabar" ? " (Xabar's own)" : ""} | ${format(limit)} ${unit} | ${cells.join(" | ")} | ${met} |`;
  });
  return [
    `| | limit | ${SCALES.map(({ users }) => `${format(users)} users`).join(" | ")} | met at about (users) |`,
    `| --- | ---: | ${SCALES.map(() => "---:").join(" | ")} | ---: |`,
    ...lines,
  ].join("\n");
}

/** The limits that a scale reaches first, and when. */
function describeFirst({ scale, limits }: Result, table: UnitTable): string {
  const [first, second] = inOrder(limits);
  const platform = inOrder(limits.filter(({ owner }) => owner === "Cloudflare"))[0];
  const months = monthsUntilFull(scale, table);
  return [
    `**${format(scale.users)} users** meet first: ${describe(first)}; then ${describe(second)}.`,
    first === platform ? "" : `Of Cloudflare's limits: ${describe(platform)}.`,
    `One database is full after ${months < 1 ? `${(months * WORKING_DAYS).toFixed(1)} working days` : `${shorten(months)} months`}.`,
    `To have each half full and half busy at most takes ${plural(databasesFor(limits), "database")}.`,
    `Each mailbox is swept every ${format(sweepMinutes(scale.companies))} minutes.`,
    `All streams together take the memory of ${plural(isolatesForStreams(scale), "isolate")}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

const describe = (limit: Limit | undefined): string =>
  limit ? `${limit.name}, at ${percent(shareOf(limit))}` : "nothing";

function describeEstimated({ estimated }: UnitTable): string {
  const names = [...estimated].sort();
  return names.length
    ? `Units that are estimated, not measured: ${names.join("; ")}.`
    : "All units are measured.";
}

const plural = (count: number, what: string): string => `${format(count)} ${what}${count === 1 ? "" : "s"}`;

/** Two significant digits. */
const round = (value: number): string => value.toLocaleString("en-US", { maximumSignificantDigits: 2 });

const format = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 2 });

const dollars = (value: number): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: value < 0.1 ? 3 : 2 });

const percent = (share: number): string =>
  share < 0.001 ? "< 0.1 %" : `${(share * 100).toLocaleString("en-US", { maximumSignificantDigits: 2 })} %`;

/** Three significant digits, with M and B for millions and billions. */
function shorten(value: number): string {
  const [divisor, letter] = value >= 1e9 ? [1e9, " B"] : value >= 1e6 ? [1e6, " M"] : [1, ""];
  return `${(value / divisor).toLocaleString("en-US", { maximumSignificantDigits: 3 })}${letter}`;
}
