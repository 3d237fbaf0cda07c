import fc from "fast-check";
import { expect, it } from "vitest";
import { createMailbox, type MailServer, type Profile } from "./support/server.ts";
import { expectSound, idAt, listingOf, mail, mirrorOf, openMailbox, syncNow } from "./support/syncing.ts";

// Another client does anything; after each few steps the mirror is what the server lists, and no message has changed its
// id. A message is told by its size, which the server keeps when it moves.

type Step =
  | { kind: "deliver" | "copy" | "expunge" | "move"; folder: number; pick: number; to: number }
  | { kind: "flag"; folder: number; pick: number; flag: string; isSet: boolean }
  | { kind: "renumber"; folder: number }
  | { kind: "rename"; folder: number }
  | { kind: "sync" };

const folder = fc.nat(2);
const pick = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("deliver" as const), folder, pick, to: folder }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("copy" as const, "expunge" as const, "move" as const, "move" as const),
      folder,
      pick,
      to: folder,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("flag" as const),
      folder,
      pick,
      flag: fc.constantFrom("\\Seen", "\\Flagged", "work"),
      isSet: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("renumber" as const), folder }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("rename" as const), folder: fc.integer({ min: 1, max: 2 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("sync" as const) }) },
);

/** The folders by number; the inbox keeps its name. */
class Other {
  readonly #server: MailServer;
  readonly #paths = ["INBOX", "One", "Two"];
  #delivered = 0;
  #renames = 0;

  constructor(server: MailServer) {
    this.#server = server;
  }

  async act(step: Exclude<Step, { kind: "sync" }>): Promise<void> {
    const path = this.#paths[step.folder]!;
    if (step.kind === "deliver") {
      const n = ++this.#delivered;
      await this.#server.deliver(mail(`random-${n}`, `X-Length: ${"x".repeat(n)}\r\n`), path);
      return;
    }
    if (step.kind === "renumber") return void (await this.#server.renumber(path));
    if (step.kind === "rename") {
      const name = `Renamed ${++this.#renames}`;
      await this.#server.renameFolder(path, name);
      this.#paths[step.folder] = name;
      return;
    }
    const { mails } = await this.#server.folder(path);
    const uid = mails[step.pick % Math.max(1, mails.length)]?.uid;
    if (uid === undefined) return;
    if (step.kind === "flag")
      await this.#server.flag([uid], { [step.isSet ? "add" : "remove"]: [step.flag] }, path);
    else if (step.kind === "expunge") await this.#server.expunge([uid], path);
    else if (step.folder !== step.to) await this.#server[step.kind]([uid], this.#paths[step.to]!, path);
  }
}

const WAYS: NonNullable<Profile["sync"]>[] = ["qresync", "condstore", "none"];

it.each(WAYS)("with %s the mirror is what the server lists, whatever another client does", async (sync) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const server = await createMailbox({ profile: { sync } });
      await server.createFolder("One");
      await server.createFolder("Two");
      const owner = await openMailbox(server);
      const other = new Other(server);
      const ids = new Map<number, string>();
      const copied = new Set<number>();
      for (const each of [...steps, { kind: "sync" } as const]) {
        if (each.kind !== "sync") {
          await other.act(each);
          continue;
        }
        // A second one removes what has not come back under a new UIDVALIDITY.
        await syncNow(owner, { force: sync === "none" });
        await syncNow(owner, { force: sync === "none" });
        expect(await mirrorOf(owner)).toEqual(await listingOf(server));
        await expectSound(owner);
        const folders = await server.folders();
        // Of two copies in one folder each is a message: which is which, nobody can tell later.
        for (const { mails } of folders)
          for (const { size } of mails)
            if (mails.filter((one) => one.size === size).length > 1) copied.add(size);
        for (const { path, mails } of folders)
          for (const { uid, size } of mails.filter(({ size }) => !copied.has(size))) {
            const id = await idAt(owner, uid, path);
            expect(id).toBe(ids.get(size) ?? id);
            ids.set(size, id!);
          }
      }
    }),
    { numRuns: 6, endOnFailure: true },
  );
});
