import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { basename } from "node:path";
import { add } from "../support/statistics.ts";
import type { CallFrame, CpuProfile } from "./isolates.ts";

/** A location and its share of the samples. */
export interface Share {
  name: string;
  share: number;
}

/** Time of an isolate by location, largest shares first, without idle time. */
export interface Hotspots {
  /** Samples while the isolate ran. */
  samples: number;
  /** Functions by self time. */
  self: Share[];
  /** Functions by total time, without work that they await. */
  total: Share[];
  /** Packages, our files and parts of workerd, by self time. */
  modules: Share[];
}

/** The origin of a function. */
export interface Location {
  /** A package, one of our files or a part of workerd; null for built-in functions. */
  module: string | null;
  /** The most precise position known. */
  place: string;
}

export type Locate = (frame: CallFrame) => Location;

/** Aggregates the samples of a profile. */
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
    // Count a recursive function once.
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

/** The path from the running function to the root. */
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

/** Pseudo entries of the profiler, such as (program) and (garbage collector). */
const isNoFunction = ({ functionName }: CallFrame): boolean => functionName.startsWith("(");

const BUILT_IN = "built in";

/** Built-in functions are listed with their caller, since their names say little. */
function ownerOf(stack: CallFrame[], locate: Locate, naming: Naming): string {
  const [top] = stack;
  if (!top) return "";
  if (isNoFunction(top) || locate(top).module) return naming(top, locate);
  const caller = stack.find((frame) => locate(frame).module && !isNoFunction(frame));
  return `${naming(top, locate)}, for ${caller ? naming(caller, locate) : "workerd"}`;
}

/** Locates the functions of a bundle through its source map. */
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
  const path = packaged ?? source.replace(/.*?\/(?=src\/)/, "");
  const [name] = packaged ? (/^(@[^/]+\/)?[^/]+/.exec(path) ?? []) : [];
  return { module: name ?? path, place: `${path}:${line}` };
}

/** Locates the functions of modules of workerd. */
export const locateInWorkerd: Locate = ({ url, lineNumber }) =>
  url ? { module: url, place: `${url}:${lineNumber + 1}` } : { module: null, place: BUILT_IN };
