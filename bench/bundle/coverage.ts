import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";

/** A part of a script, in UTF-16 units, and how often it has run. */
interface Range {
  startOffset: number;
  endOffset: number;
  count: number;
}

/**
 * Imports a bundle as the start of a Worker does, and prints what V8 says of its functions: each comes before those
 * within it, the first is the global scope. Node.js runs it, since the inspector of workerd offers no coverage.
 */
const SCRIPT = `
  import { registerHooks } from "node:module";
  import { Session } from "node:inspector/promises";
  registerHooks({
    resolve: (name, context, next) =>
      name.startsWith("cloudflare:")
        ? { url: "data:text/javascript,export class DurableObject {}", shortCircuit: true }
        : next(name, context),
    load: (url, context, next) =>
      /\\.(sql|txt)$/.test(url)
        ? { format: "module", source: "export default ''", shortCircuit: true }
        : next(url, context),
  });
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await import(process.argv[1]);
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const script = result.find(({ url }) => url === process.argv[1]);
  console.log(JSON.stringify(script.functions.flatMap(({ ranges }) => ranges)));
`;

/**
 * Finds what of a bundle a start runs: the global scope, and the functions that it calls. Of the others V8 only looks for
 * the end.
 * @returns whether the UTF-16 unit at an offset belongs to what runs
 * @param bundle its path
 * @throws Error if the bundle does not start
 */
export function coverStart(bundle: string): (offset: number) => boolean {
  const args = ["--input-type=module", "--eval", SCRIPT, pathToFileURL(bundle).href];
  const output = execFileSync(process.execPath, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const ranges: Range[] = JSON.parse(output);
  const runs = new Uint8Array(Math.max(...ranges.map(({ endOffset }) => endOffset)));
  for (const { startOffset, endOffset, count } of ranges)
    runs.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return (offset) => runs[offset] === 1;
}
