import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { add } from "../support/statistics.ts";
import { coverStart } from "./coverage.ts";
import { originOf, readSources } from "./origin.ts";

/** Sizes in bytes. */
export interface Weights {
  minified: number;
  /** At level 6, which wrangler reports. */
  gzipped: number;
  /** The part reachable without `import()`, which every start parses: of most functions V8 only looks for the end. */
  gzippedParsed: number;
  /** The part that every start runs: the global scope, and the functions that it calls. */
  gzippedRun: number;
  /** The modules of WebAssembly, which are files beside the script. */
  gzippedWasm: number;
  /** What UzbekHub alone needs: the script is this much smaller without it, and argon2 is its own. */
  gzippedHub: number;
  /** At level 9, for comparison. */
  gzippedBest: number;
  groups: Weight[];
  files: Weight[];
}

export interface Weight {
  name: string;
  minified: number;
  /** What of it a start runs, minified. */
  run: number;
  /** How much smaller the gzipped bundle is without it. */
  saving: number;
}

const HEAVIEST_FILES = 15;

interface Metafile {
  inputs: Record<string, { imports: { path: string; kind: string; external?: boolean }[] }>;
  outputs: Record<string, { entryPoint?: string; inputs: Record<string, { bytesInOutput: number }> }>;
}

/**
 * Measures a minified bundle and its parts, largest first.
 * @param bundle its path; its source map and the metafile of esbuild are next to it
 */
export function weigh(bundle: string): Weights {
  const text = readFileSync(bundle, "utf8");
  const pieces = cutBySource(text, readSources(bundle), coverStart(bundle));
  const metafile = JSON.parse(readFileSync(join(bundle, "../bundle-meta.json"), "utf8")) as Metafile;
  const bytes = bytesBySource(metafile);
  const parsed = reachedAtStart(metafile);
  const isParsed = ({ source }: Piece) => source === undefined || parsed.has(originOf(source).file);
  const rank = (nameOf: (path: string) => string, count?: number) =>
    sumBy(bytes, nameOf)
      .slice(0, count)
      .map(([name, minified]) => {
        const isOfIt = (path: string) => nameOf(path) === name;
        const run = pieces.reduce(
          (sum, each) => sum + (each.source && isOfIt(each.source) ? each.run.length : 0),
          0,
        );
        return { name, minified, run, saving: savingWithout(text, pieces, isOfIt) };
      });
  const gzippedWasm = sizeOfWasm(bundle);
  return {
    minified: Buffer.byteLength(text),
    gzipped: gzipSync(text).length,
    gzippedParsed: gzipSync(pieces.flatMap((piece) => (isParsed(piece) ? piece.text : [])).join("")).length,
    gzippedRun: gzipSync(pieces.map(({ run }) => run).join("")).length,
    gzippedWasm,
    gzippedHub:
      savingWithout(text, pieces, (path) => originOf(path).file.startsWith("src/hub/")) + gzippedWasm,
    gzippedBest: gzipSync(text, { level: 9 }).length,
    groups: rank((path) => originOf(path).group),
    files: rank((path) => originOf(path).file, HEAVIEST_FILES),
  };
}

/** Bytes of each source in the bundle, from the metafile. */
function bytesBySource({ outputs }: Metafile): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { inputs } of Object.values(outputs))
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) add(sums, path, bytesInOutput);
  return sums;
}

/** The files that the entry reaches without `import()`, in the notation of `originOf`. */
function reachedAtStart({ inputs, outputs }: Metafile): Set<string> {
  const entries = Object.values(outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
  const reached = new Set(entries);
  for (const path of reached) {
    for (const { path: imported, kind } of inputs[path]?.imports ?? []) {
      if (kind !== "dynamic-import") reached.add(imported);
    }
  }
  return new Set(Array.from(reached, (path) => originOf(path).file));
}

function sumBy(bytes: Map<string, number>, nameOf: (path: string) => string): [string, number][] {
  const sums = new Map<string, number>();
  for (const [path, count] of bytes) add(sums, nameOf(path), count);
  return [...sums].filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
}

function sizeOfWasm(bundle: string): number {
  const folder = dirname(bundle);
  const names = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
  return names.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
}

interface Piece {
  source: string | undefined;
  text: string;
  /** What of the text a start runs. */
  run: string;
}

/** Splits a bundle by source. */
function cutBySource(
  text: string,
  sourceAt: ReturnType<typeof readSources>,
  isRun: ReturnType<typeof coverStart>,
): Piece[] {
  const pieces: Piece[] = [];
  let lineStart = 0;
  for (const [line, content] of text.split("\n").entries()) {
    let start = 0;
    let source = sourceAt(line, 0);
    for (let column = 1; column <= content.length; column++) {
      const next = column < content.length ? sourceAt(line, column) : null;
      if (next === source) continue;
      const piece = content.slice(start, column);
      const from = lineStart + start;
      const run = Array.from(piece.split(""), (unit, index) => (isRun(from + index) ? unit : "")).join("");
      pieces.push({ source, text: piece, run });
      start = column;
      source = next ?? undefined;
    }
    pieces.push({ source: undefined, text: "\n", run: "" });
    lineStart += content.length + 1;
  }
  return pieces;
}

function savingWithout(text: string, pieces: Piece[], isOfIt: (path: string) => boolean): number {
  const rest = pieces.filter(({ source }) => source === undefined || !isOfIt(source));
  return gzipSync(text).length - gzipSync(rest.map((piece) => piece.text).join("")).length;
}
