import { expect } from "vitest";

const MIB = 1024 * 1024;

/** In milliseconds of CPU. Work in proportion to the length takes tens for 1 MiB; by its square, many thousands. */
const FLOOR = 300;

const filled = (unit: string, length: number): string =>
  unit.repeat(Math.ceil(length / unit.length)).slice(0, length);

/** The least of some runs: what else the machine does only adds. */
function cpuOf(work: () => unknown, runs: number): number {
  const times = Array.from({ length: runs }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

/**
 * Fails if the work grows faster than the text: the unit repeated to the whole length may take 11 times what a quarter
 * takes, where 4 is in proportion and 16 is the square; under the floor it is not asked. For Node: a Worker's clock
 * stands while it works.
 */
export function expectLinear(
  work: (text: string) => unknown,
  unit: string,
  around = ["", ""],
  length = MIB,
): void {
  const cost = (size: number, runs: number) => {
    const text = `${around[0]}${filled(unit, size)}${around[1]}`;
    return cpuOf(() => work(text), runs);
  };
  if (cost(length, 1) < FLOOR) return;
  const ratio = cost(length, 3) / cost(length / 4, 3);
  expect(ratio, `${JSON.stringify(around[0] + unit)}, again and again`).toBeLessThan(11);
}

const MARKS = [..."<>\"'=/!-&;#(){}:,.@\\*[ \n", "a"];

/** Every unit of two of the marks that HTML, CSS and addresses are made of. */
export const PAIRS: string[] = MARKS.flatMap((first) => MARKS.map((second) => first + second));
