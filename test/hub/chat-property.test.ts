import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, it, vi } from "vitest";
import { live } from "../support/chat-proof.ts";
import { createWorld, startClock, steps } from "../support/chat-world.ts";
import { silenceLog } from "../support/log-check.ts";

const { TEST_CHAOS } = env as unknown as { TEST_CHAOS: { seed: number } };

beforeEach(() => {
  silenceLog(); // objects that die
  startClock();
});
afterEach(() => void vi.useRealTimers());

it("whatever members, cuts and deaths do, each client ends with what a fresh fetch has", async () => {
  await fc.assert(
    fc.asyncProperty(steps(120), async (todo) => live(await createWorld(), todo)),
    { seed: TEST_CHAOS.seed, numRuns: 12, endOnFailure: true },
  );
});
