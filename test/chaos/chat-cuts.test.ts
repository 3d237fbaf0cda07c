import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { randomOf } from "../node/support/random.ts";
import { expectSame, live } from "../support/chat-proof.ts";
import { createWorld, pass, STEPS, startClock, steps } from "../support/chat-world.ts";
import { silenceLog } from "../support/log-check.ts";

// `CHAOS_SEED=7 npm run test:slow -- test/chaos/chat-cuts.test.ts` repeats a run.

const { TEST_CHAOS } = env as unknown as { TEST_CHAOS: { seed: number } };
const CUTS = 1_000;

beforeEach(() => {
  silenceLog(); // objects that die
  startClock();
});
afterEach(() => void vi.useRealTimers());

it("after 1,000 random cuts nothing is lost, twice or out of order", async () => {
  const random = randomOf(TEST_CHAOS.seed);
  const world = await createWorld();
  const some = () => ({ who: random(1e4), what: random(1e4), more: random(1e4) });
  let cuts = 0;
  while (cuts < CUTS) {
    pass(100 + random(300));
    const numbers = some();
    const client = world.clients[numbers.who % world.clients.length]!;
    const name = (["send", "send", "send", "edit", "remove", "read", "repeat"] as const)[random(7)]!;
    await STEPS[name](world, client, numbers);
    if (random(4)) await STEPS.come(world, world.clients[random(world.clients.length)]!, some());
    if (random(20) === 0) {
      cuts += world.clients.filter(({ isOpen }) => isOpen).length;
      await STEPS.kill(world);
    } else if (client.isOpen) {
      cuts++;
      client.cut();
    }
  }
  const found = world.clients.flatMap(({ problems }) => problems);
  expect(found, `seed ${TEST_CHAOS.seed}`).toEqual([]);
  await expectSame(world);
});

it("whatever members, cuts and deaths do for long, each client ends with what a fresh fetch has", async () => {
  await fc.assert(
    fc.asyncProperty(steps(300), async (todo) => live(await createWorld(), todo)),
    { seed: TEST_CHAOS.seed, numRuns: 20, endOnFailure: true },
  );
});
