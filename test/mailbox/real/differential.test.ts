import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { randomOf } from "../../node/support/random.ts";
import { expectContents } from "./contents.ts";
import { connect, mirrorOf, normalized, sync } from "./mirror.ts";
import { type ListedFolder, stepOf } from "./script.ts";
import { everyServer } from "./servers.ts";

const { TEST_CHAOS } = env as unknown as { TEST_CHAOS: { seed: number } };
const { seed } = TEST_CHAOS;
const STEPS = 200;

test.concurrent.each(everyServer)(
  "on $name the mirror is what another client lists, after each of 200 of its steps",
  async ({ name, create }) => {
    const random = randomOf(seed);
    const mailbox = await create();
    let listing = await mailbox.run<ListedFolder[]>({ do: "list" });
    const owner = await connect(mailbox);
    // Without CONDSTORE a change of flags alone is seen at once in the inbox only: elsewhere somebody has to ask.
    const isForced = /plain|courier/.test(name);
    for (let nth = 0; nth < STEPS; nth++) {
      const step = stepOf(random, nth, listing, mailbox);
      await mailbox.run(step);
      listing = await mailbox.run({ do: "list" });
      await sync(owner, isForced);
      expect(normalized(await mirrorOf(owner)), `seed ${seed}, step ${nth}: ${JSON.stringify(step)}`).toEqual(
        normalized(listing),
      );
    }
    await expectContents(owner, mailbox);
  },
);
