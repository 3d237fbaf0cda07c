import { distributionOf } from "../support/statistics.ts";
import { type Cell, renderTable } from "../support/table.ts";
import type { Measured } from "./load.ts";
import type { Result, Run } from "./measure.ts";

/** The figures of a result, with ratios to the bare route: medians of its runs. */
export interface Figures {
  perSecond: number;
  medianMs: number;
  p99Ms: number;
  /** CPU of the target per response. */
  cpuMicros: number;
  /** CPU of the generator per response. */
  generatorMicros: number;
  /** Ratio to the bare route: requests per second, and CPU. */
  ratio: number;
  cpuRatio: number;
}

const perSecond = ({ answers, seconds }: Measured): number => answers / seconds;
const cpuMicros = ({ cpu, answers }: Measured): number => (answers ? (cpu / answers) * 1e6 : Number.NaN);
const generatorMicros = ({ generatorCpu, answers }: Measured): number => (generatorCpu / answers) * 1e6;
const generatorShare = ({ generatorCpu, seconds }: Measured): number => generatorCpu / seconds;

/** Compares each run with the mean of the bare runs before and after. */
export function figuresOf({ runs }: Pick<Result, "runs">): Figures {
  const median = (figure: (run: Run) => number) => distributionOf(runs.map(figure)).median;
  const mean = ({ bare: [before, after] }: Run, figure: (run: Measured) => number) =>
    (figure(before) + figure(after)) / 2;
  return {
    perSecond: median(({ measured }) => perSecond(measured)),
    medianMs: median(({ measured }) => measured.latency.median),
    p99Ms: median(({ measured }) => measured.latency.p99),
    cpuMicros: median(({ measured }) => cpuMicros(measured)),
    generatorMicros: median(({ measured }) => generatorMicros(measured)),
    ratio: median((run) => perSecond(run.measured) / mean(run, perSecond)),
    cpuRatio: median((run) => cpuMicros(run.measured) / mean(run, cpuMicros)),
  };
}

const COLUMNS = ["bytes", "req/s", "to bare", "median", "p99", "CPU", "CPU to bare", "others' CPU"];

/** Renders a table for each target. Each has columns with the ratios of the targets before to it. */
export const renderResults = (targets: Result[][]): string =>
  targets.map((target, nth) => renderTarget(target, targets.slice(0, nth))).join("\n\n");

function renderTarget(target: Result[], others: Result[][]): string {
  const ratios = others.flatMap((other) => [`${nameOf(other)} by it: req/s`, "CPU"]);
  const rows = target.map((result): Cell[] => {
    const its = figuresOf(result);
    const ratiosOf = (other: Result[]): Cell[] => {
      const same = other.find((each) => each.case === result.case);
      if (!same) return [null, null];
      const { perSecond, cpuMicros } = figuresOf(same);
      return [times(perSecond / its.perSecond), times(cpuMicros / its.cpuMicros)];
    };
    return [result.case, ...cells(result), ...others.flatMap(ratiosOf)];
  });
  return renderTable([nameOf(target), ...COLUMNS, ...ratios], rows);
}

const nameOf = (results: Result[]): string => results[0]?.target ?? "";

function cells(result: Result): Cell[] {
  const { perSecond, ratio, medianMs, p99Ms, cpuMicros, cpuRatio } = figuresOf(result);
  const measured = result.runs.map((run) => run.measured);
  const bytes = distributionOf(measured.map((each) => each.bytes)).median;
  const bystandersCpuShare = Math.max(...measured.map((each) => each.bystandersCpuShare));
  return [
    ...[Math.round(bytes), perSecond, times(ratio), medianMs, p99Ms],
    ...[cpuMicros, times(cpuRatio), percent(bystandersCpuShare)],
  ];
}

const times = (ratio: number): Cell => (Number.isFinite(ratio) ? `${ratio.toPrecision(3)}x` : null);

/** Above this share of a core the generator itself limits the throughput. */
const BUSY = 0.9;

/** Describes the influence of the generator and of other processes on the figures. */
export function renderConditions(results: Result[]): string {
  const runs = results.flatMap((result) =>
    result.runs.flatMap(({ measured, bare }) => [
      { name: `${result.target}, ${result.case}`, run: measured },
      ...bare.map((run) => ({ name: `bare, beside ${result.case}`, run })),
    ]),
  );
  const busy = [...new Set(runs.filter(({ run }) => generatorShare(run) > BUSY).map(({ name }) => name))];
  const bare = results.flatMap((result) => result.runs.flatMap((run) => run.bare));
  const range = (figure: (run: Measured) => number) => {
    const values = bare.map(figure);
    return [Math.min(...values), Math.max(...values)]
      .map((value) => Math.round(value).toString())
      .join(" to ");
  };
  const most = (figure: (run: Measured) => number) =>
    percent(Math.max(...runs.map(({ run }) => figure(run))));
  return [
    `Bare route: ${range(perSecond)} requests/s at ${range(cpuMicros)} µs of CPU.`,
    `Generator: ${range(generatorMicros)} µs of CPU per request to the bare route, at most ${most(generatorShare)} of a core.`,
    busy.length
      ? `The generator was the bottleneck in: ${busy.join("; ")}.`
      : "The generator was never the bottleneck (that is above 90 %).",
    `Other processes: at most ${most(({ bystandersCpuShare }) => bystandersCpuShare)} of a core, which distorts times more than CPU.`,
  ].join("\n");
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** A message for each run with failed requests or without a response. */
export function failuresIn(results: Result[]): string[] {
  return results.flatMap(({ target, runs, ...result }) =>
    runs
      .flatMap(({ measured, bare }) => [measured, ...bare].map((run, nth) => ({ run, isBare: nth > 0 })))
      .flatMap(({ run: { answers, failures, failure }, isBare }) => {
        const run = `${isBare ? "The bare route" : target}, ${result.case}`;
        if (failures) return [`${run}: ${failures} requests failed; ${failure}`];
        return answers ? [] : [`${run}: no answer in the time measured`];
      }),
  );
}
