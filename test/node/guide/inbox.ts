import { beforeEach, describe, expect, test } from "vitest";
import { signIn } from "../support/browser.ts";
import {
  archiveItem,
  getInbox,
  getThreads,
  getUnreadCounts,
  markAsRead,
  markAsUnread,
  markThreadAsRead,
  toggleStar,
} from "./client.ts";
import { getReadTime } from "./display.ts";

let user = 100;

/** All counts of the inbox. */
async function numbers() {
  const all = await getInbox();
  const unread = await getInbox({ is_read: false });
  const read = await getInbox({ is_read: true });
  const counts = await getUnreadCounts();
  const badges = Object.fromEntries(counts.map((count) => [count.email_address, count.unread_count]));
  return { all: all.total, unread: unread.total, read: read.total, badges };
}

/** Section 9. */
export function inboxFacts(): void {
  describe("inbox", () => {
    // For a new user everything is unread.
    beforeEach(() => signIn(++user, [1]));

    test("for a new user everything is unread, and the badges add up to the total", async () => {
      const { all, unread, read, badges } = await numbers();
      expect(all).toBeGreaterThan(100);
      expect({ unread, read }).toEqual({ unread: all, read: 0 });
      expect(Object.values(badges).reduce((sum, count) => sum + count)).toBe(all);
    });

    test("the newest come first, page after page, each with its account's address", async () => {
      const first = await getInbox({ page: 1, size: 100 });
      const second = await getInbox({ page: 2, size: 100 });
      expect(first).toMatchObject({ page: 1, size: 100, total: second.total });
      const items = [...first.items, ...second.items];
      const times = items.map(({ message }) => message.sent_at);
      expect(times).toEqual(times.toSorted().reverse());
      expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
      expect(new Set(items.map((item) => item.account_email.split("@")[1]))).toEqual(
        new Set(["anhor.example"]),
      );
    });

    test("a read mail moves from is_read=false to is_read=true, and back when marked unread", async () => {
      const before = await numbers();
      const [item] = (await getInbox({ size: 1 })).items;
      const { id, account_email } = item!;

      const entry = await markAsRead(id);
      expect(entry).toMatchObject({ id, user_id: user, message_id: item!.message.id, is_read: true });
      expect(getReadTime(entry)).toMatch(/^O'qildi: /);
      const badges = { ...before.badges, [account_email]: before.badges[account_email]! - 1 };
      expect(await numbers()).toEqual({ ...before, unread: before.unread - 1, read: 1, badges });
      expect((await getInbox({ is_read: true })).items).toEqual([
        { ...item, is_read: true, read_at: entry.read_at },
      ]);
      expect((await getInbox({ is_read: false })).items.map((other) => other.id)).not.toContain(id);

      expect(await markAsUnread(id)).toMatchObject({ id, is_read: false, read_at: null });
      expect(await numbers()).toEqual(before);
    });

    test("one call toggles a star, and changes no count", async () => {
      const before = await numbers();
      const [item] = (await getInbox({ size: 1 })).items;
      expect(await toggleStar(item!.id)).toMatchObject({ is_starred: true, is_read: false });
      expect((await getInbox({ size: 1 })).items).toEqual([{ ...item, is_starred: true }]);
      expect(await toggleStar(item!.id)).toMatchObject({ is_starred: false });
      expect(await numbers()).toEqual(before);
    });

    test("an archived mail leaves the list and the counts", async () => {
      const before = await numbers();
      const [item, next] = (await getInbox({ size: 2 })).items;
      expect(await archiveItem(item!.id)).toMatchObject({ id: item!.id, is_archived: true });
      const badge = before.badges[item!.account_email]! - 1;
      expect(await numbers()).toEqual({
        all: before.all - 1,
        unread: before.unread - 1,
        read: 0,
        badges: { ...before.badges, [item!.account_email]: badge },
      });
      expect((await getInbox({ size: 1 })).items).toEqual([next]);
    });

    test("reading a thread returns its unread count, and the counts fall by that", async () => {
      const before = await numbers();
      const thread = (await getThreads({ size: 100 })).items.find(({ message_count }) => message_count >= 3)!;
      expect(await markThreadAsRead(thread.id)).toEqual({ updated: thread.message_count });
      const after = await numbers();
      expect(after.unread).toBe(before.unread - thread.message_count);
      expect(after.read).toBe(thread.message_count);
      expect(await markThreadAsRead(thread.id)).toEqual({ updated: 0 });
    });

    test("a mail read by one user stays unread for a colleague, who cannot change the other's entry", async () => {
      const [item] = (await getInbox({ size: 1 })).items;
      await markAsRead(item!.id);
      await signIn(++user, [1]);
      const [own] = (await getInbox({ size: 1 })).items;
      expect(own).toMatchObject({ is_read: false, message: item!.message });
      await expect(markAsRead(item!.id)).rejects.toEqual({ status: 404, detail: "Inbox entry not found" });
    });

    test("a filter by account shows the mail of that account only", async () => {
      const [count] = await getUnreadCounts();
      const { items, total } = await getInbox({ account_id: count!.account_id, is_read: false });
      expect(total).toBe(count!.unread_count);
      expect(new Set(items.map((item) => item.account_email))).toEqual(new Set([count!.email_address]));
    });
  });
}
