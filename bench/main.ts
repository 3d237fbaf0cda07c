// `npm run bench -- <name> [options]`: runs one bench; without a name it lists them.

interface Bench {
  about: string;
  load: () => Promise<{ run(args: string[]): Promise<number> }>;
}

const BENCHES: Record<string, Bench> = {
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

async function main([name = "", ...args]: string[]): Promise<number> {
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (bench) return (await bench.load()).run(args);
  if (name) console.error(`There is no bench "${name}".`);
  console.log("Usage: npm run bench -- <name> [options]\n");
  for (const [each, { about }] of Object.entries(BENCHES)) console.log(`  ${each}  ${about}`);
  return name ? 2 : 0;
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
