import { describe, expect, it } from "vitest";
import type { MailboxContext } from "../../src/mailbox/context.ts";
import type { ImapClient } from "../../src/mailbox/imap/client.ts";
import { quirksOf } from "../../src/mailbox/imap/quirks.ts";
import { addPlaces } from "../../src/mailbox/store/mirror.ts";
import { Progress } from "../../src/mailbox/sync/progress.ts";
import { takeDifference } from "../../src/mailbox/sync/removal.ts";
import type { Visit } from "../../src/mailbox/sync/state.ts";
import { rowsOf } from "../../src/platform/rows.ts";
import { addFolder, foundPlace, inside, placesOf } from "./support/inside.ts";

describe("what is known of a server", () => {
  it.each([
    ["imap.mail.me.com", { isQresyncWrong: true, window: null }],
    ["p02-imap.mail.me.com", { isQresyncWrong: true, window: null }],
    ["imap.mail.yahoo.com", { isQresyncWrong: false, window: 10_000 }],
    ["export.imap.mail.yahoo.com", { isQresyncWrong: false, window: null }],
    ["imap.mail.yahoo.com.evil.example", { isQresyncWrong: false, window: null }],
    ["notmail.me.com", { isQresyncWrong: false, window: null }],
    ["mail.example.com", { isQresyncWrong: false, window: null }],
  ])("of %s", (hostname, quirks) => expect(quirksOf(hostname)).toMatchObject(quirks));

  it("is told by its capabilities, where the host has another name", () => {
    expect(quirksOf("imap.company.example", ["IMAP4rev1", "XYMHIGHESTMODSEQ"]).window).toBe(10_000);
  });
});

/** A visit of a folder with UIDs 1 to 10, on a server that lists some of them and shows five at most. */
function visitOf(ctx: MailboxContext, listed: number[]): { visit: Visit; folderId: string } {
  const folderId = addFolder(ctx);
  addPlaces(
    ctx,
    folderId,
    Array.from({ length: 10 }, (_, i) => foundPlace(i + 1)),
    { isHistory: true },
  );
  const visit = {
    ctx,
    client: { search: async () => listed } as unknown as ImapClient,
    pass: { startedAt: Date.now(), progress: new Progress(ctx, []), hasBudget: () => true },
    quirks: { isQresyncWrong: false, window: 5 },
    folder: { id: folderId, synced_low: 1, total: 10 },
    server: { uidvalidity: "1", uidnext: 11, modseq: null, total: listed.length },
    isFull: false,
  } as unknown as Visit;
  return { visit, folderId };
}

it("a message whose structure cannot be read is there with its headers", () =>
  inside(async (ctx) => {
    const { visit, folderId } = visitOf(ctx, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const headers = new TextEncoder().encode("Subject: Odd\r\n\r\n");
    async function* fetch(range: string, query: { bodyStructure?: boolean }) {
      expect(range).toBe("11");
      if (!query.bodyStructure) yield { uid: 11, flags: new Set(["\\Seen"]), headers, size: 100 };
    }
    Object.assign(visit.client, { fetch });
    Object.assign(visit.server, { uidnext: 12 });
    expect(await takeDifference(visit, 0)).toBe(true);
    expect(placesOf(ctx, folderId).at(-1)).toMatchObject({ uid: 11, is_read: 1 });
    const subjects = rowsOf(ctx, "SELECT subject FROM messages WHERE subject = 'Odd'");
    expect(subjects).toHaveLength(1);
  }));

describe("a server that shows the newest messages alone", () => {
  it("has not deleted the older ones", () =>
    inside(async (ctx) => {
      const { visit, folderId } = visitOf(ctx, [6, 7, 8, 9, 10]);
      expect(await takeDifference(visit, 0)).toBe(true);
      expect(placesOf(ctx, folderId)).toHaveLength(10);
    }));

  it("has deleted what lacks between those", () =>
    inside(async (ctx) => {
      const { visit, folderId } = visitOf(ctx, [5, 6, 8, 9, 10]);
      await takeDifference(visit, 0);
      expect(placesOf(ctx, folderId).map(({ uid }) => uid)).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10]);
    }));

  it("has deleted the older ones if it shows fewer than it could", () =>
    inside(async (ctx) => {
      const { visit, folderId } = visitOf(ctx, [7, 8, 9, 10]);
      await takeDifference(visit, 0);
      expect(placesOf(ctx, folderId).map(({ uid }) => uid)).toEqual([7, 8, 9, 10]);
    }));
});
