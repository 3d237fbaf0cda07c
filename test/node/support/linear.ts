import { expect } from "vitest";

export const MIB = 1024 * 1024;

/** CPU milliseconds. Linear work on 1 MiB takes tens, quadratic work many thousands. */
const FLOOR = 300;

const filled = (unit: string, length: number): string =>
  unit.repeat(Math.ceil(length / unit.length)).slice(0, length);

/** Takes the fastest of some runs: other load only adds time. */
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

/** Linear time would be 16, quadratic 256. Garbage collection adds far less to either. */
const LIMIT = 64;

/**
 * Fails if the work grows faster than the text. The unit repeated to the whole length may take 64 times as long as
 * to a sixteenth. Below the floor it does not measure. A failed measurement is repeated, because the machine may
 * be busy. For Node only: a Worker's clock stands still while it works.
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

/** Every pair of the marks that HTML, CSS and addresses consist of. */
export const PAIRS: string[] = MARKS.flatMap((first) => MARKS.map((second) => first + second));
