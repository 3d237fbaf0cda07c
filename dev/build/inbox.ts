import { build, type Rolldown } from "vite";
import { requireSmall } from "./budget.ts";

/**
 * Builds the web inbox, in memory.
 * @param root its folder, with a vite.config.ts
 * @returns the files by name
 * @throws Error if it does not build, or if its first screen is over the budget
 */
export async function buildInbox(root: string): Promise<Map<string, string | Uint8Array>> {
  const built = await build({ root, logLevel: "warn", build: { write: false } });
  const { output } = built as Rolldown.RolldownOutput;
  requireSmall(output.filter((file) => file.type === "chunk"));
  return new Map(output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}
