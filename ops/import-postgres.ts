import { join } from "node:path";
import { parseArgs } from "node:util";
import { openBindings } from "./import/bindings.ts";
import { importAll } from "./import/run.ts";
import { openSource } from "./import/source.ts";

// npm run import:postgres -- --from postgres://user:password@host/database [--company 7]… [--remote | --state folder]
// Copies an EMS of the contract's first implementation into D1 and R2. Run it again after an interruption.

const SHOWN = 50;

const { values } = parseArgs({
  options: {
    from: { type: "string" },
    company: { type: "string", multiple: true, default: [] },
    /** Into the database at Cloudflare, not the local one. */
    remote: { type: "boolean", default: false },
    state: { type: "string", default: ".wrangler/state" },
  },
});

async function run(): Promise<void> {
  if (!values.from)
    throw new Error(
      "--from must be the URL of the PostgreSQL database: postgres://user:password@host/database",
    );
  const companies = values.company.flatMap((list) => list.split(",")).map(Number);
  if (!companies.every((id) => Number.isSafeInteger(id) && id > 0))
    throw new Error("--company must be a company's id");
  const source = openSource(values.from, companies);
  let close = async () => {};
  try {
    if ((await source.accounts()).length === 0)
      throw new Error("The source has no account of these companies");
    const bindings = await openBindings(values);
    close = bindings.close;
    const name = `import-${values.remote ? "remote" : "local"}-${companies.join("-") || "all"}.json`;
    const startedAt = Date.now();
    const differences = await importAll(source, bindings.env, join(values.state, name), (stage, rows) =>
      console.log(`${stage}: ${rows} rows, ${Math.round((Date.now() - startedAt) / 1000)} s`),
    );
    if (differences.length === 0) return console.log("The import is the same as the source.");
    console.error(`The import differs from the source:\n${differences.slice(0, SHOWN).join("\n")}`);
    if (differences.length > SHOWN) console.error(`and ${differences.length - SHOWN} more`);
    process.exitCode = 3;
  } finally {
    await Promise.all([close(), source.close()]);
  }
}

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
