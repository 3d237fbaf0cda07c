import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { basename } from "node:path";
import { add } from "../support/statistics.ts";
import type { CallFrame, CpuProfile } from "./isolates.ts";

/** What a share of the samples fell on. */
export interface Share {
  name: string;
  share: number;
}

/** Where an isolate's time went, the largest shares first; waiting is left out. */
export interface Hotspots {
  /** Samples in which the isolate ran. */
  samples: number;
  /** Functions by their own time, without what they call. */
  self: Share[];
  /** Functions with all that they call; what they await runs after them and is not in it. */
  total: Share[];
  /** Packages, files of ours and parts of workerd, by the own time of their functions. */
  modules: Share[];
}

/** Where a function was written. */
export interface Location {
  /** A package, a file of ours or a part of workerd; null for what is built into workerd and V8. */
  module: string | null;
  /** As exactly as it is known. */
  place: string;
}

export type Locate = (frame: CallFrame) => Location;

/** Reads the samples of a profile. */
export function findHotspots({ nodes, samples }: CpuProfile, locate: Locate): Hotspots {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const running = samples.filter((id) => byId.get(id)?.callFrame.functionName !== "(idle)");
  const self = new Map<string, number>();
  const total = new Map<string, number>();
  const modules = new Map<string, number>();
  for (const [id, count] of countOf(running)) {
    const stack = stackOf(id, byId, parents);
    const [top] = stack;
    if (!top) continue;
    add(self, ownerOf(stack, locate, nameOf), count);
    add(modules, ownerOf(stack, locate, moduleOf), count);
    // A function that calls itself counts once.
    for (const name of new Set(stack.map((frame) => nameOf(frame, locate)))) add(total, name, count);
  }
  const ranked = (counts: Map<string, number>) =>
    [...counts]
      .map(([name, count]) => ({ name, share: count / running.length }))
      .sort((a, b) => b.share - a.share);
  const named = ranked(total).filter(({ name }) => name !== "(root)");
  return { samples: running.length, self: ranked(self), total: named, modules: ranked(modules) };
}

const countOf = (ids: number[]): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
};

/** From the function that ran up to the root. */
function stackOf(id: number, nodes: Map<number, { callFrame: CallFrame }>, parents: Map<number, number>) {
  const frames: CallFrame[] = [];
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const frame = nodes.get(at)?.callFrame;
    if (frame) frames.push(frame);
  }
  return frames;
}

type Naming = (frame: CallFrame, locate: Locate) => string;

const nameOf: Naming = (frame, locate) => {
  const { functionName } = frame;
  if (isNoFunction(frame)) return functionName;
  return `${functionName || "(anonymous)"}  ${locate(frame).place}`;
};

const moduleOf: Naming = (frame, locate) =>
  isNoFunction(frame) ? frame.functionName : (locate(frame).module ?? BUILT_IN);

/** The profiler's own entries, such as (program) and (garbage collector). */
const isNoFunction = ({ functionName }: CallFrame): boolean => functionName.startsWith("(");

const BUILT_IN = "built in";

/** What is built in says little by itself: it is told with the function that called it. */
function ownerOf(stack: CallFrame[], locate: Locate, naming: Naming): string {
  const [top] = stack;
  if (!top) return "";
  if (isNoFunction(top) || locate(top).module) return naming(top, locate);
  const caller = stack.find((frame) => locate(frame).module && !isNoFunction(frame));
  return `${naming(top, locate)}, for ${caller ? naming(caller, locate) : "workerd"}`;
}

/** Names the functions of a bundle by where its source map says that they come from. */
export function locateInBundle(bundle: string): Locate {
  const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, "utf8")) as SourceMapPayload);
  const file = basename(bundle);
  return (frame) => {
    if (frame.url !== file) return locateInWorkerd(frame);
    const entry = map.findEntry(frame.lineNumber, frame.columnNumber);
    if (!("originalSource" in entry)) return { module: "bundle", place: `${file}:${frame.lineNumber + 1}` };
    return locateSource(entry.originalSource, entry.originalLine + 1);
  };
}

function locateSource(source: string, line: number): Location {
  const [, packaged] = /.*\/node_modules\/(.*)/.exec(source) ?? [];
  // So Drizzle's own source maps name its files.
  const path = packaged?.replace(/^src\//, "drizzle-orm/") ?? source.replace(/.*?\/(?=src\/)/, "");
  const [name] = packaged ? (/^(@[^/]+\/)?[^/]+/.exec(path) ?? []) : [];
  return { module: name ?? path, place: `${path}:${line}` };
}

/** Names the functions of workerd's own modules. */
export const locateInWorkerd: Locate = ({ url, lineNumber }) =>
  url ? { module: url, place: `${url}:${lineNumber + 1}` } : { module: null, place: BUILT_IN };
