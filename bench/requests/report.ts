import { type Cell, renderTable } from "../support/table.ts";
import type { Measured } from "./load.ts";
import type { Result } from "./measure.ts";

/** What a result comes to, beside the bare route. */
export interface Figures {
  perSecond: number;
  medianMs: number;
  p99Ms: number;
  /** CPU of the target for an answer. */
  cpuMicros: number;
  /** CPU of the generator for an answer. */
  generatorMicros: number;
  /** The case by the bare route: requests a second, and CPU. */
  ratio: number;
  cpuRatio: number;
}

const perSecond = ({ answers, seconds }: Measured): number => answers / seconds;
const cpuMicros = ({ cpu, answers }: Measured): number => (cpu / answers) * 1e6;
const generatorMicros = ({ generatorCpu, answers }: Measured): number => (generatorCpu / answers) * 1e6;
const generatorShare = ({ generatorCpu, seconds }: Measured): number => generatorCpu / seconds;

/** The bare route's figures are the means of the run before and the run after. */
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

/** A line for each case; the first target's figures, then each peer's with its share in the first's. */
export function renderResults([first = [], ...peers]: Result[][]): string {
  const columns = [
    ...["", ...COLUMNS],
    ...peers.flatMap((peer) => {
      const name = peer[0]?.target ?? "";
      return [...COLUMNS.map((column) => `${name}: ${column}`), "req/s ratio", "CPU ratio"];
    }),
  ];
  const rows = first.map((result): Cell[] => {
    const own = figuresOf(result);
    const others = peers.flatMap((peer) =>
      peerCells(
        own,
        peer.find((other) => other.case === result.case),
      ),
    );
    return [result.case, ...cells(result, own), ...others];
  });
  return renderTable(columns, rows);
}

const cells = (
  { measured: { bytes, bystandersCpuShare } }: Result,
  { perSecond, ratio, medianMs, p99Ms, cpuMicros, cpuRatio }: Figures,
): Cell[] => [
  ...[Math.round(bytes), perSecond, times(ratio), medianMs, p99Ms],
  ...[cpuMicros, times(cpuRatio), percent(bystandersCpuShare)],
];

/** The last two: the first target's figures by the peer's. */
function peerCells(own: Figures, result: Result | undefined): Cell[] {
  if (!result) return Array.from({ length: COLUMNS.length + 2 }, () => null);
  const its = figuresOf(result);
  return [...cells(result, its), times(own.perSecond / its.perSecond), times(own.cpuMicros / its.cpuMicros)];
}

const times = (ratio: number): Cell => (Number.isNaN(ratio) ? null : `${ratio.toPrecision(3)}x`);

/** From here on the generator has next to no time to wait, and so does not ask as fast as it could be answered. */
const BUSY = 0.9;

/** What the generator and the rest of the machine had to do with the figures, in sentences. */
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
    `The bare route: ${range(perSecond)} requests/s at ${range(cpuMicros)} µs of CPU.`,
    `The generator: ${range(generatorMicros)} µs of CPU for a request to the bare route, ${most(generatorShare)} of a core at most.`,
    busy.length
      ? `It was the bottleneck in: ${busy.join("; ")}.`
      : "It was not the bottleneck in any run (it would be from 90 % on).",
    `All else on the machine: ${most(({ bystandersCpuShare }) => bystandersCpuShare)} of a core at most, which spoils the times, and CPU less so.`,
  ].join("\n");
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** A sentence for each run in which a request failed. */
export function failuresIn(results: Result[]): string[] {
  return results.flatMap(({ target, measured, bare, ...result }) =>
    [measured, ...bare].flatMap(({ failures, failure }, nth) =>
      failures ? [`${nth ? "The bare route" : target}, ${result.case}: ${failures} failed; ${failure}`] : [],
    ),
  );
}
