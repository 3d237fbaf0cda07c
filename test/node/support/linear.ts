import { expect } from "vitest";

export const MIB = 1024 * 1024;

/** In milliseconds of CPU. Work in proportion to the length takes tens for 1 MiB; by its square, many thousands. */
const FLOOR = 300;

const filled = (unit: string, length: number): string =>
  unit.repeat(Math.ceil(length / unit.length)).slice(0, length);

/** The least of some runs: what else the machine does only adds. */
async function cpuOf(work: () => unknown, runs: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** Where 16 is in proportion and 256 is the square. What a collector of garbage adds to either stays far below it. */
const LIMIT = 64;

/**
 * Fails if the work grows faster than the text: the unit repeated to the whole length may take 64 times what a
 * sixteenth takes; under the floor it is not asked. A measurement that fails is made again, for a machine that is busy
 * with other work. For Node: a Worker's clock stands while it works.
 */
export async function expectLinear(
  work: (text: string) => unknown,
  unit: string,
  around = ["", ""],
  length = MIB,
): Promise<void> {
  const cost = (size: number, runs: number) => {
    const text = `${around[0]}${filled(unit, size)}${around[1]}`;
    return cpuOf(() => work(text), runs);
  };
  if ((await cost(length, 1)) < FLOOR) return;
  const ratio = async () => (await cost(length, 3)) / (await cost(length / 16, 3));
  const ratios = [await ratio()];
  while (Math.min(...ratios) >= LIMIT && ratios.length < 3) ratios.push(await ratio());
  expect(Math.min(...ratios), `${JSON.stringify(around[0] + unit)}, again and again`).toBeLessThan(LIMIT);
}

const MARKS = [..."<>\"'=/!-&;#(){}:,.@\\*[ \n", "a"];

/** Every unit of two of the marks that HTML, CSS and addresses are made of. */
export const PAIRS: string[] = MARKS.flatMap((first) => MARKS.map((second) => first + second));
