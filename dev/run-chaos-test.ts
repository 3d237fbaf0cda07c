import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

// `npm run chaos -- --minutes 10 [--seed 7]`: runs the chaos test of the intake for longer than `npm run test:slow`.

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string" } },
});
if (!(Number(values.minutes) > 0)) {
  console.error(`--minutes must be more than 0, not "${values.minutes}"`);
  process.exit(2);
}
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [vitest, "run", "--project", "slow-worker", "test/chaos/intake.test.ts", "--silent=false"],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      CHAOS_MINUTES: values.minutes,
      ...(values.seed === undefined ? {} : { CHAOS_SEED: values.seed }),
    },
  },
);
process.exit(status ?? 1);
