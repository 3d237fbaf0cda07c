import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MailboxContext } from "../../src/mailbox/context.ts";
import { addPlaces, localUid, movePlace, removePlaces, setFlags } from "../../src/mailbox/store/mirror.ts";
import { rowsOf } from "../../src/platform/rows.ts";
import { addFolder, countersOf, foundPlace, inside, placesOf } from "./support/inside.ts";
import { rowsWrittenBy } from "./support/metering.ts";

const changesOf = (ctx: MailboxContext) =>
  rowsOf<{ message_id: string; kind: string }>(ctx, "SELECT message_id, kind FROM changes ORDER BY seq");

const missing = (ctx: MailboxContext) =>
  rowsOf<{ id: string }>(ctx, "SELECT id FROM messages WHERE missing_since IS NOT NULL").map(({ id }) => id);

/** Adds one message. @returns its id */
const addOne = (ctx: MailboxContext, folderId: string, place: ReturnType<typeof foundPlace>) =>
  addPlaces(ctx, folderId, [place], { isHistory: false })[0]!.id;

describe("the mirror", () => {
  it("gives a message in two folders one id, and each folder its own flags", () =>
    inside((ctx) => {
      const [inbox, archive] = [addFolder(ctx), addFolder(ctx)];
      const id = addOne(ctx, inbox, foundPlace(1, { key: "k" }, { isRead: true }));
      expect(addOne(ctx, archive, foundPlace(7, { key: "k" }, { flags: ["\\Flagged"] }))).toBe(id);
      expect(placesOf(ctx, inbox)).toEqual([{ uid: 1, message_id: id, is_read: 1, flags: "" }]);
      expect(placesOf(ctx, archive)).toEqual([{ uid: 7, message_id: id, is_read: 0, flags: "\\Flagged" }]);
      expect(changesOf(ctx).map(({ kind }) => kind)).toEqual(["created", "updated"]);
    }));

  it("takes what it has already as news of its flags, and counts it once", () =>
    inside((ctx) => {
      const folder = addFolder(ctx);
      const found = foundPlace(1);
      const [first] = addPlaces(ctx, folder, [found], { isHistory: false });
      const again = addPlaces(ctx, folder, [{ ...found, isRead: true }], { isHistory: false });
      expect(again).toEqual([{ id: first!.id, isNew: false }]);
      expect(countersOf(ctx, folder)).toMatchObject({ total: 1, unread: 0 });
      const before = countersOf(ctx, folder);
      addPlaces(ctx, folder, [{ ...found, isRead: true }], { isHistory: false });
      expect(countersOf(ctx, folder)).toEqual(before);
    }));

  it("shows two copies in one folder as two messages", () =>
    inside((ctx) => {
      const folder = addFolder(ctx);
      const ids = addPlaces(
        ctx,
        folder,
        [1, 2, 3].map((uid) => foundPlace(uid, { key: "k" })),
        {
          isHistory: false,
        },
      ).map(({ id }) => id);
      expect(new Set(ids).size).toBe(3);
    }));

  it("adds fifty copies of one mail, and each is there", () =>
    inside((ctx) => {
      const folder = addFolder(ctx);
      const copies = Array.from({ length: 50 }, (_, i) => foundPlace(i + 1, { key: "k" }));
      addPlaces(ctx, folder, copies, { isHistory: true });
      addPlaces(ctx, folder, copies, { isHistory: true });
      expect(countersOf(ctx, folder)).toMatchObject({ total: 50, unread: 50 });
    }));

  it("keeps the id of what left one folder for another, in whichever order it is seen", () =>
    inside((ctx) => {
      const [inbox, archive] = [addFolder(ctx), addFolder(ctx)];
      const id = addOne(ctx, inbox, foundPlace(1, { key: "k" }));
      removePlaces(ctx, inbox, [1]);
      expect(missing(ctx)).toEqual([id]);
      expect(addOne(ctx, archive, foundPlace(1, { key: "k" }))).toBe(id);
      expect(missing(ctx)).toEqual([]);
      expect(addOne(ctx, inbox, foundPlace(2, { key: "k" }))).toBe(id);
      removePlaces(ctx, archive, [1]);
      expect(missing(ctx)).toEqual([]);
      expect(changesOf(ctx).filter(({ kind }) => kind !== "updated")).toHaveLength(1);
    }));

  it("moves a place with its flags, without the message ever being missing", () =>
    inside((ctx) => {
      const [inbox, archive] = [addFolder(ctx), addFolder(ctx)];
      const id = addOne(ctx, inbox, foundPlace(1, {}, { isRead: true, flags: ["work"] }));
      movePlace(ctx, { folderId: inbox, uid: 1 }, { folderId: archive, uid: 9 });
      expect(placesOf(ctx, archive)).toEqual([{ uid: 9, message_id: id, is_read: 1, flags: "work" }]);
      expect(countersOf(ctx, inbox)).toMatchObject({ total: 0, unread: 0 });
      expect(countersOf(ctx, archive)).toMatchObject({ total: 1, unread: 0 });
      expect(missing(ctx)).toEqual([]);
    }));

  it("moves to a UID that a pass has found already, and counts it once", () =>
    inside((ctx) => {
      const [inbox, archive] = [addFolder(ctx), addFolder(ctx)];
      addOne(ctx, inbox, foundPlace(1, { key: "k" }));
      addOne(ctx, archive, foundPlace(9, { key: "k" }));
      movePlace(ctx, { folderId: inbox, uid: 1 }, { folderId: archive, uid: 9 });
      movePlace(ctx, { folderId: inbox, uid: 1 }, { folderId: archive, uid: 9 });
      expect(countersOf(ctx, archive)).toMatchObject({ total: 1 });
      expect(countersOf(ctx, inbox)).toMatchObject({ total: 0 });
    }));

  it("takes a message of ours that the server has now for the same, by its Message-ID", () =>
    inside((ctx) => {
      const sent = addFolder(ctx);
      const uid = localUid(ctx, sent);
      const mail = { key: "ours", internetMessageId: "a@demo.example" };
      const id = addOne(ctx, sent, foundPlace(uid, mail, { isRead: true }));
      expect(localUid(ctx, sent)).toBe(uid - 1);
      const [found] = addPlaces(ctx, sent, [foundPlace(77, { ...mail, key: "EMAILID" }, { isRead: true })], {
        isHistory: true,
      });
      expect(found).toEqual({ id, isNew: false });
      expect(placesOf(ctx, sent).map((place) => place.uid)).toEqual([77]);
      expect(countersOf(ctx, sent)).toMatchObject({ total: 1, unread: 0 });
    }));

  it("leaves the history out of the log of changes", () =>
    inside((ctx) => {
      addPlaces(ctx, addFolder(ctx), [foundPlace(1), foundPlace(2)], { isHistory: true });
      expect(changesOf(ctx)).toEqual([]);
    }));

  it("ignores flags and removals of what the folder does not have", () =>
    inside((ctx) => {
      const folder = addFolder(ctx);
      expect(setFlags(ctx, folder, [{ uid: 5, isRead: true, flags: [] }])).toBe(0);
      expect(removePlaces(ctx, folder, [5])).toBe(0);
      expect(countersOf(ctx, folder)).toEqual({ total: 0, unread: 0, version: 0 });
    }));

  it("undoes all of a step that fails", () =>
    inside((ctx) => {
      const folder = addFolder(ctx);
      const broken = foundPlace(2, { key: null as unknown as string });
      expect(() => addPlaces(ctx, folder, [foundPlace(1), broken], { isHistory: false })).toThrow();
      expect(placesOf(ctx, folder)).toEqual([]);
      expect(countersOf(ctx, folder)).toEqual({ total: 0, unread: 0, version: 0 });
    }));
});

describe("the rows that the mirror writes", () => {
  it("are at most eight a message of history", () =>
    inside(async (ctx) => {
      const folder = addFolder(ctx);
      const found = Array.from({ length: 500 }, (_, i) =>
        foundPlace(1000 - i, {
          internetMessageId: `${i}@demo.example`,
          // Newest first: half of the mails answer one that comes later.
          refs: i % 2 === 0 ? [`${i + 1}@demo.example`] : [],
        }),
      );
      const rows = await rowsWrittenBy(ctx, (metered) =>
        addPlaces(metered, folder, found, { isHistory: true }),
      );
      expect(rows / found.length).toBeLessThanOrEqual(8);
      expect(rows / found.length).toBeGreaterThan(4);
    }));

  it("are at most eight for a flag, and none for one that is as it was", () =>
    inside(async (ctx) => {
      const folder = addFolder(ctx);
      addPlaces(ctx, folder, [foundPlace(1)], { isHistory: true });
      const read = [{ uid: 1, isRead: true, flags: [] }];
      expect(await rowsWrittenBy(ctx, (metered) => setFlags(metered, folder, read))).toBeLessThanOrEqual(8);
      expect(await rowsWrittenBy(ctx, (metered) => setFlags(metered, folder, read))).toBe(0);
      const starred = [{ uid: 1, isRead: true, flags: ["\\Flagged"] }];
      expect(await rowsWrittenBy(ctx, (metered) => setFlags(metered, folder, starred))).toBeLessThanOrEqual(
        5,
      );
    }));
});

// Any order of what passes and changes do to three folders, against a model that holds what the server would list.
type Step =
  | { kind: "add"; folder: number; uid: number; key: string; isRead: boolean; isHistory: boolean }
  | { kind: "flags"; folder: number; uid: number; isRead: boolean; flag: boolean }
  | { kind: "remove"; folder: number; uid: number }
  | { kind: "move"; folder: number; uid: number; to: number; toUid: number };

const folder = fc.nat(2);
const uid = fc.integer({ min: 1, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("add" as const),
    folder,
    uid,
    key: fc.constantFrom("a", "b", "c", "d"),
    isRead: fc.boolean(),
    isHistory: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("flags" as const), folder, uid, isRead: fc.boolean(), flag: fc.boolean() }),
  fc.record({ kind: fc.constant("remove" as const), folder, uid }),
  fc.record({ kind: fc.constant("move" as const), folder, uid, to: folder, toUid: uid }),
);

type Model = Map<string, { key: string; isRead: boolean; flag: boolean }>[];

function applyToModel(model: Model, { kind, folder, uid, ...rest }: Step): void {
  const places = model[folder]!;
  const place = places.get(String(uid));
  const step = { kind, folder, uid, ...rest } as Step;
  if (step.kind === "add") {
    places.set(String(uid), { key: place?.key ?? step.key, isRead: step.isRead, flag: false });
  } else if (place && step.kind === "flags") {
    Object.assign(place, { isRead: step.isRead, flag: step.flag });
  } else if (place && step.kind === "remove") {
    places.delete(String(uid));
  } else if (place && step.kind === "move") {
    const target = model[step.to]!;
    if (folder === step.to && uid === step.toUid) return;
    if (!target.has(String(step.toUid))) target.set(String(step.toUid), place);
    places.delete(String(uid));
  }
}

function applyToMirror(ctx: MailboxContext, folders: string[], step: Step): void {
  const folderId = folders[step.folder]!;
  if (step.kind === "add") {
    const { uid, key, isRead, isHistory } = step;
    addPlaces(ctx, folderId, [foundPlace(uid, { key }, { isRead })], { isHistory });
  } else if (step.kind === "flags") {
    const { uid, isRead, flag } = step;
    setFlags(ctx, folderId, [{ uid, isRead, flags: flag ? ["\\Flagged"] : [] }]);
  } else if (step.kind === "remove") {
    removePlaces(ctx, folderId, [step.uid]);
  } else {
    movePlace(ctx, { folderId, uid: step.uid }, { folderId: folders[step.to]!, uid: step.toUid });
  }
}

it("holds what a simple model holds, after any steps", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) =>
      inside((ctx) => {
        const folders = [addFolder(ctx), addFolder(ctx), addFolder(ctx)];
        const model: Model = [new Map(), new Map(), new Map()];
        for (const each of steps) {
          applyToModel(model, each);
          applyToMirror(ctx, folders, each);
        }
        const placed = new Set<string>();
        for (const [i, folderId] of folders.entries()) {
          const places = placesOf(ctx, folderId);
          const expected = [...model[i]!].map(([uid, { isRead, flag }]) => ({
            uid: Number(uid),
            is_read: Number(isRead),
            flags: flag ? "\\Flagged" : "",
          }));
          expect(places.map(({ message_id: _, ...rest }) => rest)).toEqual(
            expected.sort((a, b) => a.uid - b.uid),
          );
          const unread = expected.filter(({ is_read }) => is_read === 0).length;
          expect(countersOf(ctx, folderId)).toMatchObject({ total: expected.length, unread });
          for (const { message_id } of places) placed.add(message_id);
        }
        const all = rowsOf<{ id: string; missing_since: number | null }>(
          ctx,
          "SELECT id, missing_since FROM messages",
        );
        for (const { id, missing_since } of all) expect(missing_since === null).toBe(placed.has(id));
      }),
    ),
    { numRuns: 60 },
  );
});
