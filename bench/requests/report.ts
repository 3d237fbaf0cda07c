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
const cpuMicros = ({ cpu, answers }: Measured): number => (answers ? (cpu / answers) * 1e6 : Number.NaN);
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

/** A table for each target; those after the first also say what the first's figures are by theirs. */
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

/** A sentence for each run in which a request failed, or that was too short for any answer. */
export function failuresIn(results: Result[]): string[] {
  return results.flatMap(({ target, measured, bare, ...result }) =>
    [measured, ...bare].flatMap(({ answers, failures, failure }, nth) => {
      const run = `${nth ? "The bare route" : target}, ${result.case}`;
      if (failures) return [`${run}: ${failures} requests failed; ${failure}`];
      return answers ? [] : [`${run}: no answer in the time measured`];
    }),
  );
}
