import { once } from "node:events";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { follow, signIn, streams } from "../support/browser.ts";
import type { DevServer } from "../support/dev-server.ts";
import { deliver, uniqueSubject } from "../support/mail.ts";
import { getThread, TokenStorage } from "./client.ts";
import { connectSSE, connectSSEWithRetry } from "./sse.ts";

const CLOSED = 2;

/** Section 13. */
export function liveFacts(server: () => DevServer): void {
  describe("live updates", () => {
    beforeEach(() => signIn(40, [1, 2]));

    test("the stream sends connected, then an event for a mail that arrived by SMTP", async () => {
      const live = await follow();
      expect(live.connected).toEqual({ message: "connected", user_id: 40 });
      const subject = uniqueSubject("Buyurtma");
      const mail = {
        to: "Savdo <savdo@anhor.example>",
        subject,
        text: "Assalomu alaykum!",
        html: "<p>Assalomu alaykum!</p>",
      };
      await deliver(server(), mail);
      const { event, message } = await live.arrival(subject);
      // More fields may follow those of the contract.
      expect(event).toMatchObject({
        type: "message.created",
        thread_id: message.thread_id,
        message_id: message.id,
        company_id: 1,
      });
      expect(message).toMatchObject({
        from_address: "aziza@mijoz.example",
        from_name: "Aziza Karimova",
        to_addresses: [{ name: "Savdo", email: "savdo@anhor.example" }],
        subject,
        direction: "inbound",
      });
      expect(message.body_html?.trim()).toBe(mail.html);
      const { thread_id, message_id, company_id } = event;
      const thread = { type: "thread.created", thread_id, message_id, company_id };
      await expect.poll(() => live.told).toContainEqual(expect.objectContaining(thread));
      expect((await getThread(event.thread_id)).messages).toEqual([message]);
      live.close();
    });

    test("a user gets no events of other companies", async () => {
      await signIn(41, [2]);
      const theirs = await follow();
      await signIn(40, [1, 2]);
      const ours = await follow();
      const [first, second] = [uniqueSubject("Birinchi"), uniqueSubject("Ikkinchi")];
      await deliver(server(), { to: "savdo@anhor.example", subject: first, text: "1" });
      await ours.arrival(first);
      await deliver(server(), { to: "support@yolchi.example", subject: second, text: "2" });
      await signIn(41, [2]);
      await theirs.arrival(second);
      expect(new Set(theirs.told.map(({ company_id }) => company_id))).toEqual(new Set([2]));
      ours.close();
      theirs.close();
    });

    test("connectSSEWithRetry delivers events until its disconnect closes the stream", async () => {
      const onMessageCreated = vi.fn();
      const disconnect = connectSSEWithRetry(onMessageCreated, () => {});
      const stream = streams.at(-1)!;
      await once(stream, "connected");
      const live = await follow();
      const [heard, missed] = [uniqueSubject("Eshitildi"), uniqueSubject("Eshitilmadi")];
      await deliver(server(), { to: "billing@yolchi.example", subject: heard, text: "1" });
      const { event } = await live.arrival(heard);
      await expect.poll(() => onMessageCreated.mock.calls).toContainEqual([event]);

      disconnect();
      expect(stream.readyState).toBe(CLOSED);
      onMessageCreated.mockClear();
      await deliver(server(), { to: "billing@yolchi.example", subject: missed, text: "2" });
      await live.arrival(missed);
      live.close();
      expect(onMessageCreated).not.toHaveBeenCalled();
    });

    test("a stream with a wrong token is refused, and the client closes it", async () => {
      TokenStorage.save("wrong");
      connectSSE(
        () => {},
        () => {},
      );
      const stream = streams.at(-1)!;
      const [error] = await once(stream, "error");
      expect(error).toMatchObject({ code: 401 });
      expect(stream.readyState).toBe(CLOSED);
    });
  });
}
