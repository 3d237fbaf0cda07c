import { eventually } from "../support/clock.ts";
import { openInspector } from "../support/inspector.ts";
import { CALLS_PATH } from "./contract.ts";
import { ask, connectPerson, control, type Person, type Stage } from "./people.ts";

export interface MeasuredHeap {
  accounts: number;
  /** What each connected account keeps after a collection, with its buffers, in bytes. */
  bytes: number;
  /** The most connections that one of them ever had. */
  connections: number;
}

/** Signs accounts in, connects one, then all of them, and compares the heaps. */
export async function measureHeap(stage: Stage, accounts: number): Promise<MeasuredHeap> {
  const people: Person[] = [];
  for (let nth = 0; nth <= accounts; nth++) {
    if (nth % 10 === 0) console.error(`Heap: ${nth} of ${accounts} accounts are signed in …`);
    people.push(await connectPerson(stage, 3));
  }
  const inspector = await openInspector(new URL("/core:user:xabar", stage.worker.inspectorUrl ?? ""));
  const heap = async () => {
    for (let round = 0; round < 3; round++) await inspector.send("HeapProfiler.collectGarbage");
    const usage = (await inspector.send("Runtime.getHeapUsage")) as Record<string, number>;
    return (usage.usedSize ?? 0) + (usage.backingStorageSize ?? 0);
  };
  await closed(stage, people);
  // One is connected in both, so that what all share is in both.
  await connect(stage, people.slice(0, 1));
  const before = await heap();
  await connect(stage, people);
  const after = await heap();
  inspector.close();
  const states = await Promise.all(people.map((each) => stateOf(stage, each)));
  const open = states.reduce((sum, { openConnections }) => sum + openConnections, 0);
  if (open < people.length) throw new Error(`Only ${open} connections were open`);
  return {
    ...{ accounts, bytes: (after - before) / accounts },
    connections: Math.max(...states.map(({ mostConnections }) => mostConnections)),
  };
}

/** Has accounts ask Telegram something: their connections stay open for some seconds. */
async function connect(stage: Stage, accounts: Person[]): Promise<void> {
  const answers = await ask<boolean[]>(stage, "POST", CALLS_PATH, { accounts });
  if (answers.includes(false)) throw new Error("An account could not ask Telegram");
}

const stateOf = (stage: Stage, { phone }: Person) =>
  control<{ openConnections: number; mostConnections: number }>(stage, "GET", `/phones/${phone}`);

/** Waits until no account has a connection. */
async function closed(stage: Stage, people: Person[]): Promise<void> {
  await eventually(
    "The connections are closed",
    async () => {
      const states = await Promise.all(people.map((each) => stateOf(stage, each)));
      return states.every(({ openConnections }) => openConnections === 0) ? true : undefined;
    },
    60_000,
  );
}
