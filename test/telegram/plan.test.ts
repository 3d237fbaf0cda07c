import fc from "fast-check";
import { expect, it } from "vitest";
import { type Candidate, plan } from "../../src/telegram/scheduler/plan.ts";

const PHONES = [998_901, 998_902, 998_903];

const groups = (phones: number[]) =>
  fc
    .array(
      fc.record({
        lastPostedAt: fc.option(fc.nat(1000)),
        phones: fc.uniqueArray(fc.constantFrom(...phones), { minLength: 1 }),
      }),
      { maxLength: 40 },
    )
    .map((list) => list.map((group, id): Candidate => ({ id, ...group })));

const loads = fc
  .dictionary(fc.constantFrom(...PHONES.map(String)), fc.nat(20))
  .map((counts) => new Map(Object.entries(counts).map(([phone, count]) => [Number(phone), count])));

it("each group goes to exactly one account, and that is a member", () => {
  fc.assert(
    fc.property(groups(PHONES), loads, (candidates, known) => {
      const queues = plan(candidates, known);
      const given = [...queues].flatMap(([phone, queue]) => queue.map((group) => ({ phone, group })));
      expect(given.map(({ group }) => group.id).sort((a, b) => a - b)).toEqual(
        candidates.map(({ id }) => id),
      );
      for (const { phone, group } of given) expect(group.phones).toContain(phone);
    }),
  );
});

it("each account begins with the group that has been without a post for the longest time", () => {
  fc.assert(
    fc.property(groups(PHONES), loads, (candidates, known) => {
      for (const queue of plan(candidates, known).values()) {
        const times = queue.map(({ lastPostedAt }) => lastPostedAt ?? 0);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }
    }),
  );
});

it("of two accounts neither has two groups more than the other that could go to it as well", () => {
  fc.assert(
    fc.property(groups(PHONES.slice(0, 2)), (candidates) => {
      const queues = plan(candidates, new Map());
      const [one, other] = PHONES.slice(0, 2).map((phone) => queues.get(phone) ?? []);
      const [more, less] = one!.length > other!.length ? [one!, other!] : [other!, one!];
      const isMovable = more.some(({ phones }) => phones.length > 1);
      if (isMovable) expect(more.length - less.length).toBeLessThanOrEqual(1);
    }),
  );
});

it("what an account has had already counts", () => {
  const shared = Array.from({ length: 4 }, (_, id) => ({
    id,
    lastPostedAt: null,
    phones: PHONES.slice(0, 2),
  }));
  const queues = plan(shared, new Map([[PHONES[0]!, 5]]));
  expect(queues.get(PHONES[0]!)).toBeUndefined();
  expect(queues.get(PHONES[1]!)).toHaveLength(4);
});

it("the same groups are given out in the same way, in whatever order they come", () => {
  fc.assert(
    fc.property(groups(PHONES), loads, (candidates, known) => {
      const idsOf = (list: Candidate[]) =>
        [...plan(list, known)]
          .map(([phone, queue]) => [phone, queue.map(({ id }) => id)] as const)
          .sort(([a], [b]) => a - b);
      expect(idsOf(candidates.toReversed())).toEqual(idsOf(candidates));
    }),
  );
});
