import { type Cell, renderTable } from "../support/table.ts";
import type { Measured } from "./load.ts";
import type { Result } from "./measure.ts";

/** The figures of a result, with ratios to the bare route. */
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

/** Compares with the mean of the bare runs before and after. */
export function figuresOf({ measured, bare: [before, after] }: Result): Figures {
  const mean = (figure: (run: Measured) => number) => (figure(before) + figure(after)) / 2;
  return {
    perSecond: perSecond(measured),
    medianMs: measured.latency.median,
    p99Ms: measured.latency.p99,
    cpuMicros: cpuMicros(measured),
    generatorMicros: generatorMicros(measured),
    ratio: perSecond(measured) / mean(perSecond),
    cpuRatio: cpuMicros(measured) / mean(cpuMicros),
  };
}

const COLUMNS = ["bytes", "req/s", "to bare", "median", "p99", "CPU", "CPU to bare", "others' CPU"];

/** Renders a table for each target. Those after the first have columns with the ratio of the first to them. */
export function renderResults([first = [], ...peers]: Result[][]): string {
  const own = renderTable(
    [nameOf(first), ...COLUMNS],
    first.map((result) => [result.case, ...cells(result)]),
  );
  return [own, ...peers.map((peer) => renderPeer(first, peer))].join("\n\n");
}

function renderPeer(first: Result[], peer: Result[]): string {
  const name = nameOf(first);
  const rows = peer.map((result): Cell[] => {
    const same = first.find((other) => other.case === result.case);
    const [own, its] = [same && figuresOf(same), figuresOf(result)];
    const ratios = own ? [own.perSecond / its.perSecond, own.cpuMicros / its.cpuMicros] : [];
    return [result.case, ...cells(result), ...ratios.map(times)];
  });
  return renderTable([nameOf(peer), ...COLUMNS, `${name}'s req/s by it`, `${name}'s CPU by it`], rows);
}

const nameOf = (results: Result[]): string => results[0]?.target ?? "";

function cells(result: Result): Cell[] {
  const { perSecond, ratio, medianMs, p99Ms, cpuMicros, cpuRatio } = figuresOf(result);
  const { bytes, bystandersCpuShare } = result.measured;
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
  const runs = results.flatMap(({ measured, bare, ...result }) => [
    { name: `${result.target}, ${result.case}`, run: measured },
    ...bare.map((run) => ({ name: `bare, beside ${result.case}`, run })),
  ]);
  const busy = runs.filter(({ run }) => generatorShare(run) > BUSY).map(({ name }) => name);
  const bare = results.flatMap((result) => result.bare);
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
  return results.flatMap(({ target, measured, bare, ...result }) =>
    [measured, ...bare].flatMap(({ answers, failures, failure }, nth) => {
      const run = `${nth ? "The bare route" : target}, ${result.case}`;
      if (failures) return [`${run}: ${failures} requests failed; ${failure}`];
      return answers ? [] : [`${run}: no answer in the time measured`];
    }),
  );
}
