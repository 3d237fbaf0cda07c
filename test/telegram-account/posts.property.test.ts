import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Fault } from "../../dev/telegram/contract.ts";
import { groupsOf, memberOf, newChat, newFile, newPost, png, postsIn } from "./support/groups.ts";
import { standIn } from "./support/stand-in.ts";

/** What may go wrong with a call. */
const fault = fc.constantFrom<Fault | null>(
  null,
  { isLost: true },
  { cut: "before" },
  { cut: "within" },
  { error: [500, "INTERNAL"] },
  { effect: "bad-salt" },
);

it("a post that is tried until it is there is there once, whatever goes wrong", async () => {
  const person = await memberOf();
  const { account, caller, phone } = person;
  const media = await newFile(png(640, 480));
  const plan = fc.record({ faults: fc.array(fault, { maxLength: 4 }), hasMedia: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(plan, async ({ faults, hasMedia }) => {
      const peer = await newChat([person]);
      const group = (await groupsOf(person)).find((found) => found.peer === peer)!;
      const post = newPost(group, hasMedia ? { media } : {});
      const method = hasMedia ? "messages.sendMedia" : "messages.sendMessage";
      for (const [i, fault] of faults.entries())
        if (fault) await standIn.plan({ ...fault, phone, method, skip: i });

      const startedAt = Date.now();
      let outcome = await account.send(caller, post);
      for (let tries = 1; !outcome.ok && tries < 6; tries++) {
        const posted = await postsIn(peer);
        if (outcome.code === "unavailable") expect(posted).toEqual([]);
        else expect(outcome.code).toBe("unknown");
        outcome = await account.send(caller, { ...post, triedAt: startedAt });
      }
      await standIn.clear(phone);
      const posted = await postsIn(peer);
      expect(posted).toHaveLength(1);
      expect(outcome).toEqual({ ok: true, messageId: posted[0]?.id });
    }),
    { numRuns: 12 },
  );
  expect((await standIn.phone(phone)).mostConnections).toBe(1);
});
