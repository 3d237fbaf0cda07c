import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { add } from "../support/statistics.ts";
import { originOf, readSources } from "./origin.ts";

/** Sizes in bytes. */
export interface Weights {
  minified: number;
  /** At level 6, which wrangler reports. */
  gzipped: number;
  /** The part reachable without `import()`, which every start evaluates. */
  gzippedAtStart: number;
  /** At level 9, for comparison. */
  gzippedBest: number;
  groups: Weight[];
  files: Weight[];
}

export interface Weight {
  name: string;
  minified: number;
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
  const pieces = cutBySource(text, readSources(bundle));
  const metafile = JSON.parse(readFileSync(join(bundle, "../bundle-meta.json"), "utf8")) as Metafile;
  const bytes = bytesBySource(metafile);
  const atStart = reachedAtStart(metafile);
  const isAtStart = ({ source }: Piece) => source === undefined || atStart.has(originOf(source).file);
  const rank = (nameOf: (path: string) => string, count?: number) =>
    sumBy(bytes, nameOf)
      .slice(0, count)
      .map(([name, minified]) => ({ name, minified, saving: savingWithout(text, pieces, nameOf, name) }));
  return {
    minified: Buffer.byteLength(text),
    gzipped: gzipSync(text).length,
    gzippedAtStart: gzipSync(pieces.flatMap((piece) => (isAtStart(piece) ? piece.text : [])).join("")).length,
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

interface Piece {
  source: string | undefined;
  text: string;
}

/** Splits a bundle by source. */
function cutBySource(text: string, sourceAt: ReturnType<typeof readSources>): Piece[] {
  const pieces: Piece[] = [];
  for (const [line, content] of text.split("\n").entries()) {
    let start = 0;
    let source = sourceAt(line, 0);
    for (let column = 1; column <= content.length; column++) {
      const next = column < content.length ? sourceAt(line, column) : null;
      if (next === source) continue;
      pieces.push({ source, text: content.slice(start, column) });
      start = column;
      source = next ?? undefined;
    }
    pieces.push({ source: undefined, text: "\n" });
  }
  return pieces;
}

function savingWithout(
  text: string,
  pieces: Piece[],
  nameOf: (path: string) => string,
  name: string,
): number {
  const rest = pieces.filter(({ source }) => source === undefined || nameOf(source) !== name);
  return gzipSync(text).length - gzipSync(rest.map((piece) => piece.text).join("")).length;
}
