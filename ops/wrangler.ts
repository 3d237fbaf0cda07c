import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WRANGLER = fileURLToPath(new URL("../node_modules/wrangler/bin/wrangler.js", import.meta.url));

export interface Finished {
  code: number | null;
  stdout: string;
  /** Both streams, in order. */
  output: string;
}

/** Runs a command of wrangler to its end. It asks nothing, and writes nothing into wrangler.toml. */
export async function wrangler(args: string[], env: Record<string, string | undefined>): Promise<Finished> {
  const child = spawn(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...env,
      CI: "true",
      FORCE_COLOR: "0",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      // Security: wrangler writes it into the bundle, where "development" would allow public secrets.
      NODE_ENV: "production",
    },
  });
  const finished: Finished = { code: null, stdout: "", output: "" };
  child.stdout.on("data", (chunk) => {
    finished.stdout += chunk;
    finished.output += chunk;
  });
  child.stderr.on("data", (chunk) => (finished.output += chunk));
  finished.code = await new Promise((resolve) => child.once("close", resolve));
  return finished;
}

/**
 * The same, for a command that must succeed.
 * @throws Error with its output
 */
export async function runWrangler(
  args: string[],
  env: Record<string, string | undefined>,
): Promise<Finished> {
  const finished = await wrangler(args, env);
  if (finished.code !== 0)
    throw new Error(
      `${finished.output.trim()}\n\n"wrangler ${args.slice(0, 3).join(" ")}" failed as shown above: correct that, then try again.`,
    );
  return finished;
}
