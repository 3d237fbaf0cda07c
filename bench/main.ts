// `npm run bench -- <name> [options]`: runs one bench, without a name `units`; `--help` lists them.

interface Bench {
  about: string;
  load: () => Promise<{ run(args: string[]): Promise<number> }>;
}

const BENCHES: Record<string, Bench> = {
  units: {
    about:
      "what each call costs in the units that Cloudflare bills, at each size of the mailbox, beside the bars",
    load: () => import("./units.ts"),
  },
  bundle: {
    about: "what the Worker weighs and its start costs, and what of it weighs and costs most",
    load: () => import("./bundle.ts"),
  },
  cost: {
    about: "what a month costs at stated volumes, and which limit is met first, from the measured units",
    load: () => import("./cost.ts"),
  },
  live: {
    about:
      "how fast events reach many open streams, beside nginx with Nchan, and how fast mail becomes an event",
    load: () => import("./live.ts"),
  },
  requests: {
    about:
      "requests a second, latency and CPU of the main reads, the webhook door and ingest, beside a bare Hono route",
    load: () => import("./requests.ts"),
  },
};

async function main(args: string[]): Promise<number> {
  if (args[0] === "--help") return list(0);
  const isNamed = args[0] !== undefined && !args[0].startsWith("--");
  const [name = "", ...rest] = isNamed ? args : ["units", ...args];
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (bench) return (await bench.load()).run(rest);
  console.error(`There is no bench "${name}".`);
  return list(2);
}

function list(code: number): number {
  console.log("Usage: npm run bench -- [name] [options]\n");
  for (const [each, { about }] of Object.entries(BENCHES)) console.log(`  ${each}  ${about}`);
  return code;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
