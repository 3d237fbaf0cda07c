import { gzipSync } from "node:zlib";
import type { Rolldown } from "vite";

/** For the script of the first screen, gzipped. */
const BUDGET_BYTES = 150_000;

/** A language of the page. The first screen waits for one of them. */
const LANGUAGE = /\/i18n\/[a-z]{2}\.ts$/;

type Chunk = Pick<
  Rolldown.OutputChunk,
  "fileName" | "code" | "imports" | "isEntry" | "facadeModuleId" | "modules"
>;

const bytesOf = ({ code }: Chunk): number => gzipSync(code).length;

const sum = (numbers: number[]): number => numbers.reduce((total, each) => total + each, 0);

/**
 * The chunks that the first screen needs: the entry, the largest language, and what they import statically.
 * @param chunks all of the build
 */
export function firstScreen(chunks: Chunk[]): Chunk[] {
  const [language] = chunks
    .filter(({ facadeModuleId }) => LANGUAGE.test(facadeModuleId ?? ""))
    .sort((a, b) => bytesOf(b) - bytesOf(a));
  const needed = new Set(chunks.filter((chunk) => chunk.isEntry || chunk === language));
  // A set hands out what is added during the loop, too.
  for (const { imports } of needed) {
    for (const chunk of chunks) if (imports.includes(chunk.fileName)) needed.add(chunk);
  }
  return [...needed];
}

/**
 * Holds the first screen to its budget.
 * @throws Error that says how much it is over, and what is largest
 */
export function requireSmall(chunks: Chunk[]): void {
  const needed = firstScreen(chunks);
  const total = sum(needed.map(bytesOf));
  if (total <= BUDGET_BYTES) return;
  const parts = [...partsOf(needed)].sort(([, a], [, b]) => b - a).slice(0, 5);
  throw new Error(
    `The script of the web inbox's first screen has ${inKB(total)} gzipped, ${inKB(total - BUDGET_BYTES)} more than its ` +
      `${inKB(BUDGET_BYTES)}: load with import() what it does not need at once. The largest parts are about ` +
      `${parts.map(([name, bytes]) => `${name} ${inKB(bytes)}`).join(", ")}.`,
  );
}

const inKB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;

/** The share of each package, or folder of ours, in the gzipped chunks. */
function partsOf(chunks: Chunk[]): Map<string, number> {
  const parts = new Map<string, number>();
  for (const chunk of chunks) {
    const modules = Object.entries(chunk.modules);
    const perByte = bytesOf(chunk) / sum(modules.map(([, { renderedLength }]) => renderedLength));
    for (const [id, { renderedLength }] of modules) {
      const name = partOf(id);
      parts.set(name, (parts.get(name) ?? 0) + renderedLength * perByte);
    }
  }
  return parts;
}

/** The package of a module, or its folder. */
function partOf(id: string): string {
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1];
  return inPackage ?? id.split("/").slice(-2, -1)[0] ?? id;
}
