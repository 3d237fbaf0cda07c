import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cuid } from "../../src/lib/cuid.ts";
import type { MailboxContext } from "../../src/mailbox/context.ts";
import type { ListQuery, Message, Owner } from "../../src/mailbox/contract.ts";
import { listMessages } from "../../src/mailbox/reading/list.ts";
import type { FoundMessage } from "../../src/mailbox/store/found.ts";
import { addPlaces, localUid, movePlace, removePlaces, setFlags } from "../../src/mailbox/store/mirror.ts";
import { foundPlace } from "./support/inside.ts";
import { mailboxOf } from "./support/mailbox.ts";
import { addFolderOf, insideOf, quietMailbox } from "./support/quiet.ts";

const query = (changes: Partial<ListQuery> = {}): ListQuery => ({
  folderId: "inbox",
  limit: 50,
  offset: 0,
  sort: "receivedAt:desc",
  filter: "all",
  ...changes,
});

const list = async (owner: Owner, changes: Partial<ListQuery> = {}) => {
  const answer = await mailboxOf(owner).messages(owner, query(changes));
  if (!answer.ok) throw new Error(answer.message);
  return answer;
};

describe("refusals", () => {
  it("an unknown folder is NOT_FOUND", async () => {
    const owner = await quietMailbox();
    const answer = await mailboxOf(owner).messages(owner, query({ folderId: "nowhere" }));
    expect(answer).toMatchObject({ ok: false, code: "NOT_FOUND" });
  });

  it.each([{ limit: 0 }, { limit: 501 }, { limit: 1.5 }, { offset: -1 }, { offset: Number.NaN }])(
    "%o is INVALID",
    async (changes) => {
      const owner = await quietMailbox();
      await insideOf(owner, (ctx) => addFolderOf(ctx, "inbox"));
      const answer = await mailboxOf(owner).messages(owner, query(changes));
      expect(answer).toMatchObject({ ok: false, code: "INVALID" });
    },
  );
});

describe("folders", () => {
  it("come with their type, parent, counters and the time of the last look, the inbox first", async () => {
    const owner = await quietMailbox();
    await insideOf(owner, (ctx) => {
      addFolderOf(ctx, "custom", "Work");
      addFolderOf(ctx, "custom", "Work/Projects");
      ctx.sql.exec(
        "UPDATE folders SET parent_id = 'work', checked_at = 1780000000000 WHERE id = 'work/projects'",
      );
      addFolderOf(ctx, "inbox", "INBOX");
      addPlaces(
        ctx,
        "work/projects",
        [foundPlace(1, { key: "a" }), foundPlace(2, { key: "b" }, { isRead: true })],
        { isHistory: true },
      );
    });
    const answer = await mailboxOf(owner).folders(owner);
    const folders = answer.ok ? answer.folders : [];
    expect(folders.map(({ id }) => id)).toEqual(["inbox", "work", "work/projects"]);
    expect(folders[0]).toMatchObject({ name: "INBOX", displayName: "Inbox", type: "inbox", parentId: null });
    expect(folders[2]).toEqual({
      id: "work/projects",
      name: "Work/Projects",
      displayName: "Projects",
      type: "custom",
      parentId: "work",
      messageCount: 2,
      unreadCount: 1,
      syncedAt: 1_780_000_000_000,
    });
  });
});

describe("a message in a list", () => {
  it("has bare addresses, flags and labels", async () => {
    const owner = await quietMailbox();
    await insideOf(owner, (ctx) => {
      addFolderOf(ctx, "inbox");
      const message: Partial<FoundMessage> = {
        key: "a",
        cc: [{ name: "Aziz", address: "aziz@demo.example" }],
        preview: "x".repeat(300),
        parts: [
          {
            part: "2",
            type: "application/pdf",
            charset: null,
            encoding: "base64",
            size: 10,
            filename: "a.pdf",
            contentId: null,
            role: "attachment",
          },
        ],
      };
      const flags = ["\\Flagged", "\\Answered", "$Forwarded", "NonJunk", "Work", "xb_4d"];
      addPlaces(ctx, "inbox", [foundPlace(1, message, { isRead: true, flags })], { isHistory: true });
    });
    const { messages, total } = await list(owner);
    expect(total).toBe(1);
    expect(messages).toEqual([
      {
        id: expect.stringMatching(/^c[0-9a-z]{24}$/),
        folderId: "inbox",
        from: "Ann@demo.example",
        to: ["sardor@demo.example"],
        cc: ["aziz@demo.example"],
        bcc: [],
        subject: "Hello",
        preview: "x".repeat(200),
        isRead: true,
        isStarred: true,
        isSpam: false,
        isDeleted: false,
        // What is no code of ours is shown as it stands.
        labels: ["Work", "xb_4d"],
        attachmentCount: 1,
        receivedAt: 1_700_000_000_000,
        createdAt: expect.any(Number),
        updatedAt: expect.any(Number),
      },
    ]);
  });

  it("is deleted in the trash or when marked so, and spam in the spam folder", async () => {
    const owner = await quietMailbox();
    await insideOf(owner, (ctx) => {
      for (const type of ["inbox", "spam", "trash"] as const) {
        addFolderOf(ctx, type);
        addPlaces(ctx, type, [foundPlace(1, { key: type })], { isHistory: true });
      }
      const marked = foundPlace(2, { key: "marked" }, { flags: ["$Junk", "\\Deleted"] });
      addPlaces(ctx, "inbox", [marked], { isHistory: true });
    });
    const seen = async (folderId: string) => {
      const { messages } = await list(owner, { folderId });
      return messages.map(({ isSpam, isDeleted }) => ({ isSpam, isDeleted }));
    };
    expect(await seen("trash")).toEqual([{ isSpam: false, isDeleted: true }]);
    expect(await seen("spam")).toEqual([{ isSpam: true, isDeleted: false }]);
    // Where there is a spam folder, a keyword that was left behind makes no spam.
    expect(await seen("inbox")).toContainEqual({ isSpam: false, isDeleted: true });
  });

  it("is listed though the server does not have it yet, and gone when the server has it no more", async () => {
    const owner = await quietMailbox();
    await insideOf(owner, (ctx) => {
      addFolderOf(ctx, "drafts");
      const local = foundPlace(localUid(ctx, "drafts"), { key: "draft", subject: "Not sent yet" });
      addPlaces(ctx, "drafts", [local, foundPlace(7, { key: "old" })], { isHistory: false });
      removePlaces(ctx, "drafts", [7]);
    });
    const { messages, total } = await list(owner, { folderId: "drafts" });
    expect(messages.map(({ subject }) => subject)).toEqual(["Not sent yet"]);
    expect(total).toBe(1);
  });
});

/** A message of the model. */
interface Modelled {
  key: string;
  receivedAt: number;
  from: string;
  isRead: boolean;
}

const FOLDER = fc.uniqueArray(
  fc.record({
    key: fc.integer({ min: 0, max: 10_000 }).map((number) => `k${number}`),
    // Few dates and senders, so that many are equal.
    receivedAt: fc.integer({ min: 1_780_000_000_000, max: 1_780_000_000_005 }),
    from: fc.constantFrom("a@x.example", "B@x.example", "c@x.example"),
    isRead: fc.boolean(),
  }),
  { selector: ({ key }) => key, maxLength: 40 },
);

const SORT = fc.constantFrom<ListQuery["sort"]>("receivedAt:asc", "receivedAt:desc", "from:asc", "from:desc");
const FILTER = fc.constantFrom<ListQuery["filter"]>("all", "read", "unread");

/** What a page should be: filter, sort, cut. */
function pageOfModel(rows: (Modelled & { id: string })[], { sort, filter, limit, offset }: ListQuery) {
  const kept = rows.filter(({ isRead }) => filter === "all" || isRead === (filter === "read"));
  const sign = sort.endsWith(":asc") ? 1 : -1;
  const keyOf = ({ receivedAt, from }: Modelled) =>
    sort.startsWith("from") ? from.toLowerCase() : receivedAt;
  kept.sort((one, other) => {
    const [a, b] = [keyOf(one), keyOf(other)];
    return sign * (a < b ? -1 : a > b ? 1 : one.id < other.id ? -1 : 1);
  });
  return { ids: kept.slice(offset, offset + limit).map(({ id }) => id), total: kept.length };
}

/** Puts messages into a folder of their own. */
function fill(ctx: MailboxContext, folderId: string, rows: Modelled[]): (Modelled & { id: string })[] {
  addFolderOf(ctx, "custom", folderId);
  const found = rows.map(({ key, receivedAt, from, isRead }, at) =>
    foundPlace(
      at + 1,
      { key: `${folderId} ${key}`, receivedAt, from: { name: "", address: from } },
      {
        isRead,
      },
    ),
  );
  const added = addPlaces(ctx, folderId, found, { isHistory: true });
  return rows.map((row, at) => ({ ...row, id: added[at]!.id }));
}

const idsOf = (messages: Message[]) => messages.map(({ id }) => id);

describe("a page", () => {
  it("is what a simple model says, for any folder, order, filter, limit and offset", async () => {
    const owner = await quietMailbox();
    await insideOf(owner, (ctx) => {
      addFolderOf(ctx, "custom", "other");
      fc.assert(
        fc.property(
          FOLDER,
          SORT,
          FILTER,
          fc.integer({ min: 1, max: 12 }),
          fc.integer({ min: 0, max: 45 }),
          (rows, sort, filter, limit, offset) => {
            const folderId = cuid();
            const model = fill(ctx, folderId, rows);
            const asked = query({ folderId, sort, filter, limit, offset });
            const { messages, total } = listMessages(ctx, asked);
            expect({ ids: idsOf(messages), total }).toEqual(pageOfModel(model, asked));
          },
        ),
        { numRuns: 200 },
      );
    });
  });

  it("is the same in a walk, also while the folder changes", async () => {
    const owner = await quietMailbox();
    const step = fc.record({
      change: fc.constantFrom("none", "none", "none", "read", "remove", "move"),
      at: fc.nat(60),
    });
    await insideOf(owner, (ctx) => {
      addFolderOf(ctx, "custom", "other");
      fc.assert(
        fc.property(FOLDER, SORT, FILTER, fc.array(step, { maxLength: 12 }), (rows, sort, filter, steps) => {
          const folderId = cuid();
          const model = fill(ctx, folderId, rows).map((row, at) => ({ ...row, uid: at + 1 }));
          let offset = 0;
          for (const { change, at } of steps) {
            const chosen = model[at % (model.length || 1)];
            if (chosen && change === "read") {
              chosen.isRead = !chosen.isRead;
              setFlags(ctx, folderId, [{ uid: chosen.uid, isRead: chosen.isRead, flags: [] }]);
            }
            if (chosen && change === "remove") removePlaces(ctx, folderId, [chosen.uid]);
            if (chosen && change === "move") {
              movePlace(
                ctx,
                { folderId, uid: chosen.uid },
                { folderId: "other", uid: localUid(ctx, "other") },
              );
            }
            if (chosen && (change === "remove" || change === "move")) model.splice(model.indexOf(chosen), 1);
            const asked = query({ folderId, sort, filter, limit: 4, offset });
            const { messages, total } = listMessages(ctx, asked);
            expect({ ids: idsOf(messages), total }).toEqual(pageOfModel(model, asked));
            offset = messages.length === 0 ? 0 : offset + messages.length;
          }
        }),
        { numRuns: 150 },
      );
    });
  });
});

describe("the rows that a page costs", () => {
  it("are few at either end, and on every page of a walk, however many the folder has", async () => {
    const owner = await quietMailbox();
    await insideOf(owner, (ctx) => {
      addFolderOf(ctx, "inbox");
      const found = Array.from({ length: 3000 }, (_, at) =>
        foundPlace(
          at + 1,
          { key: `k${at}`, receivedAt: 1_780_000_000_000 + ((at * 7919) % 3001) },
          {
            isRead: at % 3 > 0,
          },
        ),
      );
      addPlaces(ctx, "inbox", found, { isHistory: true });
      const { counting, rowsRead } = countingReads(ctx);
      // A row of the index, of the message and of its place; and what is read once: the folder, labels, the spam folder.
      const most = 3 * 50 + 10;
      for (const sort of ["receivedAt:desc", "from:asc"] as const) {
        for (let offset = 0; offset < 1000; offset += 50) {
          expect(rowsRead(() => listMessages(counting, query({ sort, offset })))).toBeLessThan(most);
        }
        const last = query({ sort, offset: 2950 });
        expect(rowsRead(() => listMessages(counting, last))).toBeLessThan(most);
      }
      const middle = query({ sort: "receivedAt:asc", offset: 1500 });
      expect(rowsRead(() => listMessages(counting, middle))).toBeGreaterThan(1500);
    });
  });
});

/** A context that counts the rows which its queries read. */
function countingReads(ctx: MailboxContext) {
  let cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const exec = (sql: string, ...params: SqlStorageValue[]) => {
    const cursor = ctx.sql.exec(sql, ...params);
    cursors.push(cursor);
    return cursor;
  };
  const rowsRead = (work: () => void): number => {
    cursors = [];
    work();
    return cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0);
  };
  return { counting: { ...ctx, sql: { exec } as unknown as SqlStorage }, rowsRead };
}
