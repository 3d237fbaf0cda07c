import type { Distribution } from "../support/statistics.ts";
import { type Cell, renderTable } from "../support/table.ts";
import type { FanOut } from "./fan-out.ts";
import type { Intake } from "./intake.ts";

/** A setting of the webhook queue, and its results. */
export interface IntakeRow {
  maxBatchSize: number;
  maxBatchTimeout: number;
  hasHeaders: boolean;
  /** One message at a time. */
  single: Intake;
  /** Many messages at once. */
  burst: Intake;
}

const MB = 1024 * 1024;

const FAN_OUT_ROWS: [string, (result: FanOut) => number][] = [
  ["streams", ({ streams }) => streams],
  ["deliveries expected", ({ expected }) => expected],
  ["deliveries made", ({ delivered }) => delivered],
  ["streams that lost or repeated events", ({ uneven }) => uneven],
  ["streams closed by the server", ({ closed }) => closed],
  ["events per second", ({ rate }) => rate],
  ["delivery, median (ms)", ({ latency }) => latency.median],
  ["delivery, p99 (ms)", ({ latency }) => latency.p99],
  ["delivery, max (ms)", ({ latency }) => latency.max],
  ["CPU per delivery (µs)", ({ cpuMicrosPerDelivery }) => cpuMicrosPerDelivery],
  ["CPU of the server while publishing (% of a core)", ({ serverCpuShare }) => serverCpuShare * 100],
  ["CPU of the clients while publishing (% of a core)", ({ clientCpuShare }) => clientCpuShare * 100],
  ["CPU of other processes (% of a core)", ({ bystandersCpuShare }) => bystandersCpuShare * 100],
  ["opening all streams (ms)", ({ openMs }) => openMs],
  ["CPU per opened stream (µs)", ({ openCpuMs, streams }) => (openCpuMs * 1000) / streams],
  ["RSS before streams (MB)", ({ rss }) => rss.before / MB],
  ["RSS with streams (MB)", ({ rss }) => rss.open / MB],
  ["RSS after the events (MB)", ({ rss }) => rss.afterEvents / MB],
  ["RSS after closing (MB)", ({ rss }) => rss.afterClose / MB],
  ["RSS per stream (KB)", ({ rss, streams }) => (rss.open - rss.before) / 1024 / streams],
  ["idle: CPU (ms)", ({ idleCpuMs }) => idleCpuMs],
  ["idle: keepalive comments", ({ idleComments }) => idleComments],
  ["idle: CPU per comment (µs)", ({ idleCpuMs, idleComments }) => (idleCpuMs * 1000) / idleComments],
];

/** Renders the deliveries, with the ratio to a second server if there is one. */
export function renderFanOut(results: FanOut[]): string {
  const [first, second] = results;
  if (!first) return "";
  const columns = ["", ...results.map(({ name }) => name), ...(second ? ["ratio"] : [])];
  const rows = FAN_OUT_ROWS.map(([label, figure]): Cell[] => [
    label,
    ...results.map(figure),
    ...(second ? [ratio(figure(first), figure(second))] : []),
  ]);
  return renderTable(columns, rows);
}

const ratio = (one: number, other: number): Cell =>
  !other || Number.isNaN(one) ? null : `${(one / other).toFixed(2)}x`;

/** Renders the intake, with a line for each setting and concurrency. */
export function renderIntake(rows: IntakeRow[]): string {
  const columns = [
    ...["batch size / seconds", "headers", "messages", "arrived", "200: median", "200: p99"],
    ...["event: median", "event: p99", "event: max", "per message", "others' CPU"],
  ];
  const lines = rows.flatMap((row) => [
    line(row, "one at a time", row.single),
    line(row, "burst", row.burst),
  ]);
  return renderTable(columns, lines);
}

function line(row: IntakeRow, manner: string, intake: Intake): Cell[] {
  const { maxBatchSize, maxBatchTimeout, hasHeaders } = row;
  return [
    `${maxBatchSize} / ${maxBatchTimeout}, ${manner}`,
    hasHeaders ? "included" : "fetched",
    intake.expected,
    intake.arrived,
    ...figures(intake.answer).slice(0, 2),
    ...figures(intake.event),
    ms(intake.msPerMail),
    `${(intake.bystandersCpuShare * 100).toFixed(0)} %`,
  ];
}

const figures = ({ median, p99, max }: Distribution): Cell[] => [median, p99, max].map(ms);

const ms = (value: number): Cell => (Number.isNaN(value) ? null : value.toFixed(1));
