import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderTable } from "../support/table.ts";
import { type Case, lanesOf, type Setting } from "./cases.ts";
import {
  findHotspots,
  type Hotspots,
  type Locate,
  locateInBundle,
  locateInWorkerd,
  type Share,
} from "./hotspots.ts";
import { connectIsolates, type Isolate } from "./isolates.ts";
import type { Generator, Measured } from "./load.ts";
import { measureCase } from "./measure.ts";
import type { Target } from "./target.ts";

/** The environment for profiling. */
export interface Profiling {
  inspectorUrl: string;
  generator: Generator;
  target: Target;
  setting: Setting;
  cases: Case[];
  concurrency: number;
  /** The path of the code of the Worker. The source map is next to it. */
  bundle: string;
  /** Folder for the .cpuprofile files. */
  folder: string;
}

/** Miniflare's name for the isolate of our Worker. */
const OURS = "core:user:xabar";
const SHOWN = 10;
const MODULES_SHOWN = 25;
/** Smaller shares are not shown. */
const LEAST = 0.002;

/**
 * Profiles the cases one after another under load. Writes a .cpuprofile of the Worker for each, and prints the time of
 * the Worker and of the other isolates.
 * @returns 0, or 1 if a request failed
 */
export async function profileCases(profiling: Profiling): Promise<number> {
  const isolates = await connectIsolates(profiling.inspectorUrl);
  const locate = locateInBundle(profiling.bundle);
  let code = 0;
  for (const each of profiling.cases) {
    console.error(`Profiling ${each.name} …`);
    const { plain, profiled, spots } = await profileCase(profiling, isolates, locate, each);
    console.log(render(each, plain, profiled, spots));
    for (const { failures, failure } of [plain, profiled]) {
      if (!failures) continue;
      console.error(`${each.name}: ${failures} failed; ${failure}`);
      code = 1;
    }
  }
  return code;
}

async function profileCase(profiling: Profiling, isolates: Isolate[], locate: Locate, each: Case) {
  const { target, setting, folder } = profiling;
  // First without the profiler, to measure the CPU per request and to compile the code.
  const lanes = () => lanesOf(each, target, setting);
  const plain = await measureCase(profiling, target, each, await lanes());
  const prepared = await lanes();
  for (const isolate of isolates) await isolate.start();
  const profiled = await measureCase(profiling, target, each, prepared);
  const spots = new Map<string, Hotspots>();
  for (const { name, stop } of isolates) {
    const profile = await stop();
    spots.set(name, findHotspots(profile, name === OURS ? locate : locateInWorkerd));
    const file = `${each.name.replace(/[^a-z0-9]+/gi, "-")}.cpuprofile`;
    if (name === OURS) writeFileSync(join(folder, file), JSON.stringify(profile));
  }
  return { plain, profiled, spots };
}

function render(each: Case, plain: Measured, profiled: Measured, spots: Map<string, Hotspots>): string {
  const micros = ({ cpu, answers }: Measured) => Math.round((cpu / answers) * 1e6);
  const ours = spots.get(OURS);
  const all = [...spots.values()].reduce((sum, { samples }) => sum + samples, 0);
  const isolates = [...spots].map(([name, { samples }]) => ({ name, share: samples / all }));
  const [largest] = [...spots]
    .filter(([name]) => name !== OURS)
    .sort(([, a], [, b]) => b.samples - a.samples);
  return `
== ${each.name}: ${micros(plain)} µs of CPU, ${micros(profiled)} with the profiler ==
${all} samples: what workerd does outside its isolates (sockets, HTTP between them) is in none. The inspector
makes the Worker's log dearer than it is without.

${renderShares(
  "Of all samples: isolate",
  isolates.sort((a, b) => b.share - a.share),
)}

${renderShares("Of the Worker's: own time, by module", ours?.modules.slice(0, MODULES_SHOWN))}

${renderShares("Of the Worker's: own time, by function", ours?.self.slice(0, SHOWN))}

${renderShares("Of the Worker's: with what they call", ours?.total.slice(0, SHOWN))}

${renderShares(`Of ${largest?.[0]}'s: own time, by function`, largest?.[1].self.slice(0, SHOWN))}
`;
}

const renderShares = (title: string, shares: Share[] = []): string =>
  renderTable(
    [title, "share"],
    shares
      .filter(({ share }) => share >= LEAST)
      .map(({ name, share }) => [name, `${(share * 100).toFixed(1)} %`]),
  );
