import { build, type Rolldown } from "vite";
import { requireSmall } from "./budget.ts";

/**
 * Builds the web inbox, in memory.
 * @param root its folder, with a vite.config.ts
 * @returns the files by name
 * @throws Error if it does not build, or if its first screen is over the budget
 */
export async function buildInbox(root: string): Promise<Map<string, string | Uint8Array>> {
  const { output } = await buildForProduction(root);
  requireSmall(output.filter((file) => file.type === "chunk"));
  return new Map(output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}

/**
 * Builds with the NODE_ENV that packages leave their checks out for. It is that of the process, which Vite changes. Wrangler
 * would write it into a Worker that this process starts afterwards.
 */
async function buildForProduction(root: string): Promise<Rolldown.RolldownOutput> {
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = "production";
  try {
    return (await build({ root, logLevel: "warn", build: { write: false } })) as Rolldown.RolldownOutput;
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}
