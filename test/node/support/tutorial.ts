import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { WAIT_MS } from "../../support/wait.ts";

/** The commands of docs/tutorial.md, a text for each block. */
export const tutorialBlocks = (): string[] =>
  Array.from(
    readFileSync("docs/tutorial.md", "utf8").matchAll(/^```sh\n(.*?)^```$/gms),
    ([, block = ""]) => block,
  );

/**
 * Makes a shell that remembers exported variables from one block to the next, as a reader's terminal does.
 * @param places texts of the tutorial that are different here, such as ports
 */
export function createTerminal(folder: string, places: Record<string, string>) {
  const variables = `${folder}/variables`;
  const placed = (block: string) =>
    Object.entries(places).reduce((text, [from, to]) => text.replaceAll(from, to), block);
  /** Adds the variables to a block, for a second terminal. */
  const prepare = (block: string) =>
    `set -eo pipefail; [ ! -f ${variables} ] || . ${variables}\n${placed(block)}`;
  return {
    prepare,
    /** @returns what the block printed @throws Error when one of its commands fails */
    async run(block: string): Promise<string> {
      const script = `${prepare(block)}\nexport -p > ${variables}`;
      return (await promisify(execFile)("bash", ["-c", script], { timeout: WAIT_MS })).stdout;
    },
  };
}
