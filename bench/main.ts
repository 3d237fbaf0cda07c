// `npm run bench -- [name] [options]` runs one bench, by default `units`. `--help` lists them.

interface Bench {
  about: string;
  load: () => Promise<{ run(args: string[]): Promise<number> }>;
}

const BENCHES: Record<string, Bench> = {
  units: {
    about: "units that Cloudflare bills for each call, at several mailbox sizes, checked against the bars",
    load: () => import("./units.ts"),
  },
  bodies: {
    about: "sizes of a team's mail, and what a mail takes in D1 and R2 by the limit of bodies in rows",
    load: () => import("./bodies.ts"),
  },
  bundle: {
    about: "size and startup CPU of the Worker, and what contributes most to them",
    load: () => import("./bundle.ts"),
  },
  cost: {
    about: "monthly cost at assumed volumes and the first limits reached, computed from the measured units",
    load: () => import("./cost.ts"),
  },
  hub: {
    about:
      "rows of UzbekHub's main calls, and its chat rooms: deliveries beside a bare Object, idle sockets; their bars",
    load: () => import("./hub.ts"),
  },
  inbox: {
    about: "the web inbox in Chromium: its first list, opening the next conversation, scrolling 100,000 rows",
    load: () => import("./inbox.ts"),
  },
  import: {
    about: "a move from FastAPI and PostgreSQL: killed on the way, timed, and then compared answer by answer",
    load: () => import("./import.ts"),
  },
  live: {
    about:
      "latency of events on many open streams, compared with nginx and Nchan, and from notification to event",
    load: () => import("./live.ts"),
  },
  mail: {
    about:
      "a mailbox of 10,000 mails: its first sync, a pass with nothing new, pages of its lists, and their bars",
    load: () => import("./mail.ts"),
  },
  requests: {
    about:
      "throughput, latency and CPU of the main reads, webhooks and ingest, compared with a bare Hono route",
    load: () => import("./requests.ts"),
  },
  telegram: {
    about:
      "mailings on the stand-in for Telegram: rows of a post, a thousand due in the same second, heap of an account",
    load: () => import("./telegram.ts"),
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
