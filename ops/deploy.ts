import { readFileSync } from "node:fs";
import { parseArgs, parseEnv } from "node:util";
import { ask } from "./deploy/ask.ts";
import { deploy } from "./deploy/run.ts";

// npm run deploy [-- --dry-run] [--without mailbox|telegram] [--secrets-file path] [--url https://xabar.example.com]
// Ends with a Worker that answers, or with one sentence that says what to do. It can be repeated at any time.

function readSecrets(path: string): Record<string, string | undefined> {
  try {
    const text = readFileSync(path, "utf8");
    return text.trimStart().startsWith("{") ? JSON.parse(text) : parseEnv(text);
  } catch (error) {
    throw new Error(
      `--secrets-file ${path} cannot be read: ${error instanceof Error ? error.message : error}.`,
    );
  }
}

try {
  const { values } = parseArgs({
    options: {
      /** Prints what would be done. */
      "dry-run": { type: "boolean", default: false },
      /** Secrets that the Worker lacks, as KEY=value lines or JSON. They can also be in the environment. */
      "secrets-file": { type: "string" },
      /** An engine that is not deployed: mailbox or telegram. What needs it answers 503. */
      without: { type: "string", multiple: true, default: [] },
      /** Where the Worker is reached, if that is not an address that wrangler deploys it to. */
      url: { type: "string" },
    },
  });
  const file = values["secrets-file"];
  const secrets = file === undefined ? {} : readSecrets(file);
  await deploy({
    isDryRun: values["dry-run"],
    given: { ...process.env, ...secrets },
    named: Object.keys(secrets),
    without: values.without,
    url: values.url,
    print: console.log,
    ask: process.stdin.isTTY && process.stdout.isTTY ? ask : undefined,
    fetch,
    waitSeconds: 180,
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
