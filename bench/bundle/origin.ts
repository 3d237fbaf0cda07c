import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";

/** The origin of a piece of a bundle. */
export interface Origin {
  /** An npm package, or one of our folders. */
  group: string;
  /** Path relative to the package, or to the repository. */
  file: string;
}

const OTHER = "the bundler";

/**
 * Names the origin of a source file.
 * @param path as esbuild or a source map gives it
 */
export function originOf(path: string): Origin {
  const inPackage = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(`/${path}`);
  if (inPackage) {
    const [, name = "", file] = inPackage;
    return { group: name, file: `${name}/${file}` };
  }
  const inSource = /(?:^|\/)(src\/.+)$/.exec(path)?.[1];
  if (!inSource) return { group: OTHER, file: path };
  return { group: inSource.split("/").slice(0, -1).slice(0, 3).join("/"), file: inSource };
}

/**
 * Reads the source map next to a bundle.
 * @returns a function from line and column of the bundle, both from 0, to the path of the source or undefined
 */
export function readSources(bundle: string): (line: number, column: number) => string | undefined {
  const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, "utf8")));
  return (line, column) => {
    const entry = map.findEntry(line, column);
    return "originalSource" in entry ? entry.originalSource : undefined;
  };
}
