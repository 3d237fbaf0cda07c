import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MailboxContext } from "../../src/mailbox/context.ts";
import { rootOf } from "../../src/mailbox/store/conversations.ts";
import type { FoundMessage } from "../../src/mailbox/store/found.ts";
import { addPlaces } from "../../src/mailbox/store/mirror.ts";
import { rowOf } from "../../src/platform/rows.ts";
import { addFolder, foundPlace, inside } from "./support/inside.ts";

/** Adds mails to one folder. */
function mailbox(ctx: MailboxContext) {
  const folder = addFolder(ctx);
  const ids = new Map<string, string>();
  let uid = 0;
  return {
    add(name: string, refs: string[] = [], changes: Partial<FoundMessage> = {}): void {
      const found = foundPlace(++uid, { internetMessageId: name, refs, ...changes });
      ids.set(name, addPlaces(ctx, folder, [found], { isHistory: true })[0]!.id);
    },
    conversationOf: (name: string): string =>
      rootOf(
        ctx,
        rowOf<{ c: string }>(ctx, "SELECT conversation_id AS c FROM messages WHERE id = ?", ids.get(name)!)!
          .c,
      ),
  };
}

describe("a conversation", () => {
  it("has a reply that comes before what it answers", () =>
    inside((ctx) => {
      const { add, conversationOf } = mailbox(ctx);
      add("reply", ["first"]);
      add("first");
      expect(conversationOf("reply")).toBe(conversationOf("first"));
    }));

  it("has two replies to a mail that nobody has", () =>
    inside((ctx) => {
      const { add, conversationOf } = mailbox(ctx);
      add("one", ["lost"]);
      add("two", ["lost"]);
      expect(conversationOf("one")).toBe(conversationOf("two"));
    }));

  it("is no other's with the same subject", () =>
    inside((ctx) => {
      const { add, conversationOf } = mailbox(ctx);
      add("one", [], { subject: "Re: Hello" });
      add("two", [], { subject: "Re: Hello" });
      expect(conversationOf("one")).not.toBe(conversationOf("two"));
    }));

  it("is what the server says, also without references", () =>
    inside((ctx) => {
      const { add, conversationOf } = mailbox(ctx);
      add("one", [], { threadId: "T1" });
      add("two", [], { threadId: "T1" });
      add("three", ["one"], { threadId: "T2" });
      expect(conversationOf("two")).toBe(conversationOf("one"));
    }));

  it("is not joined to another by a mail that names both", () =>
    inside((ctx) => {
      const { add, conversationOf } = mailbox(ctx);
      add("one");
      add("two");
      add("both", ["one", "two"]);
      add("other", ["two", "one"]);
      expect(conversationOf("one")).not.toBe(conversationOf("two"));
    }));

  it("is not joined to another by a mail that two made-up ones wait for", () =>
    inside((ctx) => {
      const { add, conversationOf } = mailbox(ctx);
      add("one");
      add("two");
      add("bait", ["made-up-1", "made-up-2"]);
      add("made-up-1", ["one"]);
      add("made-up-2", ["two"]);
      expect(conversationOf("one")).not.toBe(conversationOf("two"));
    }));

  it("looks at the first and the nearest of very many references", () =>
    inside((ctx) => {
      const { add, conversationOf } = mailbox(ctx);
      add("first");
      const many = Array.from({ length: 1000 }, (_, i) => `r${i}`);
      add("reply", ["first", ...many]);
      expect(conversationOf("reply")).toBe(conversationOf("first"));
      const rows = rowOf<{ n: number }>(ctx, "SELECT count(*) AS n FROM conversation_ids")!.n;
      expect(rows).toBeLessThan(30);
    }));
});

it("has all mails of a tree, in whatever order they come, and none of another tree", async () => {
  // Of each mail: which of the earlier ones it answers (or none), and whether it names all above it, or one.
  const forest = fc.array(fc.record({ answers: fc.option(fc.nat(100)), isShort: fc.boolean() }), {
    minLength: 1,
    maxLength: 14,
  });
  await fc.assert(
    fc.asyncProperty(forest, fc.infiniteStream(fc.nat(1000)), (mails, random) =>
      inside((ctx) => {
        const { add, conversationOf } = mailbox(ctx);
        const above = mails.map((): number[] => []);
        for (const [i, { answers }] of mails.entries()) {
          if (answers === null || i === 0) continue;
          const parent = answers % i;
          above[i] = [...above[parent]!, parent];
        }
        const order = mails
          .map((_, i) => ({ i, rank: random.next().value }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ i }) => i);
        for (const i of order) {
          const names = above[i]!.map(String);
          add(String(i), mails[i]!.isShort ? names.slice(-1) : names);
        }
        const treeOf = (i: number) => above[i]![0] ?? i;
        for (const a of mails.keys())
          for (const b of mails.keys()) {
            const isOne = conversationOf(String(a)) === conversationOf(String(b));
            expect({ a, b, isOne }).toEqual({ a, b, isOne: treeOf(a) === treeOf(b) });
          }
      }),
    ),
    { numRuns: 100 },
  );
});
