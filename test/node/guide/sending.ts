import { dirname } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { companies } from "../../../dev/demo/data.ts";
import { follow, signIn } from "../support/browser.ts";
import type { DevServer } from "../support/dev-server.ts";
import { deliver, keptMail, uniqueSubject } from "../support/mail.ts";
import { getAccounts, getInbox, getMessage, getThread, replyToMessage, sendEmail } from "./client.ts";
import { formatRecipients } from "./display.ts";

/** Sections 8.3 and 8.4. */
export function sendingFacts(server: () => DevServer, sentFolder: () => string): void {
  describe("sending", () => {
    beforeEach(() => signIn(30, [1]));

    test("a mail to the outside is returned as stored, and is written as an .eml file", async () => {
      const account = await accountOf("savdo@anhor.example");
      const since = server().output.text().length;
      const subject = uniqueSubject("Re: Savolingiz");
      const sent = await sendEmail({
        email_account_id: account.id,
        to: [{ name: "John Customer", email: "john@customer.com" }],
        cc: [{ name: "CC Shaxs", email: "cc@customer.com" }],
        bcc: null,
        subject,
        body_html: "<p>Murojaat uchun rahmat!</p>",
        body_text: "Murojaat uchun rahmat!",
        reply_to_message_id: null,
      });
      expect(sent).toMatchObject({
        email_account_id: account.id,
        from_address: "savdo@anhor.example",
        from_name: account.display_name,
        to_addresses: [{ name: "John Customer", email: "john@customer.com" }],
        cc_addresses: [{ name: "CC Shaxs", email: "cc@customer.com" }],
        bcc_addresses: null,
        subject,
        body_html: "<p>Murojaat uchun rahmat!</p>",
        body_text: "Murojaat uchun rahmat!",
        direction: "outbound",
        attachments: [],
      });
      expect(formatRecipients(sent.to_addresses)).toBe("John Customer");
      expect(await getMessage(sent.id)).toEqual(sent);

      const { path, mail } = await keptMail(server(), "john@customer.com", since);
      expect(dirname(path)).toBe(sentFolder());
      expect(path).toMatch(/\.eml$/);
      expect(mail).toMatchObject({ subject, messageId: sent.internet_message_id });
      expect(mail.html?.trim()).toBe("<p>Murojaat uchun rahmat!</p>");
      expect(mail.cc).toMatchObject([{ address: "cc@customer.com" }]);
    });

    test("a sent mail is read for its sender and unread for a colleague", async () => {
      const { id } = await accountOf("export@anhor.example");
      const to = [{ email: "buyer@outside.example" }];
      const sent = await sendEmail({
        email_account_id: id,
        to,
        subject: uniqueSubject("Offer"),
        body_html: "<p>1</p>",
      });
      const entryOf = async () => (await getInbox()).items.find(({ message }) => message.id === sent.id);
      expect(await entryOf()).toMatchObject({ is_read: true, message: { direction: "outbound" } });
      await signIn(31, [1]);
      expect(await entryOf()).toMatchObject({ is_read: false });
    });

    test("a mail to a mailbox of the other company arrives there, and only that copy is visible", async () => {
      await signIn(32, [2]);
      const live = await follow();
      await signIn(30, [1]);
      const { id } = await accountOf("savdo@anhor.example");
      const subject = uniqueSubject("Yuk xatlari");
      const to = [{ email: "support@yolchi.example" }];
      const sent = await sendEmail({ email_account_id: id, to, subject, body_html: "<p>Salom</p>" });

      await signIn(32, [2]);
      const { event, message } = await live.arrival(subject);
      live.close();
      expect(event.company_id).toBe(2);
      expect(message).toMatchObject({
        from_address: "savdo@anhor.example",
        direction: "inbound",
        internet_message_id: sent.internet_message_id,
      });
      expect(message.id).not.toBe(sent.id);
      const [item] = (await getInbox({ is_read: false, size: 1 })).items;
      expect(item).toMatchObject({ message: { id: message.id }, account_email: "support@yolchi.example" });
      await expect(getMessage(sent.id)).rejects.toEqual({ status: 404, detail: "Message not found" });
    });

    test.each(companies[0]!.mailboxes)(
      "a reply from $email ($provider) stays in its thread",
      async ({ email }) => {
        const account_id = (await accountOf(email)).id;
        const inbound = (await getInbox({ account_id, size: 100 })).items.filter(
          ({ message }) => message.direction === "inbound",
        );
        const original = await getMessage(inbound[0]!.message.id);
        const before = await getThread(original.thread_id);
        const since = server().output.text().length;
        const reply = await replyToMessage(original.id, {
          email_account_id: account_id,
          to: [{ email: original.from_address }],
          subject: `Re: ${original.subject}`,
          body_html: "<p>Javob bu yerda...</p>",
        });
        expect(reply).toMatchObject({ thread_id: original.thread_id, direction: "outbound" });
        const after = await getThread(original.thread_id);
        expect(after.message_count).toBe(before.message_count + 1);
        expect(after.messages).toEqual([...before.messages, reply]);
        const { mail } = await keptMail(server(), original.from_address, since);
        expect(mail.inReplyTo).toBe(original.internet_message_id);
      },
    );

    test("a customer's reply to a sent mail lands in that mail's thread", async () => {
      const live = await follow();
      const { id } = await accountOf("savdo@anhor.example");
      const to = [{ email: "aziza@mijoz.example" }];
      const subject = uniqueSubject("Taklif");
      const sent = await sendEmail({ email_account_id: id, to, subject, body_html: "<p>Narx</p>" });
      await deliver(server(), {
        to: "savdo@anhor.example",
        subject: `Re: ${subject}`,
        text: "Roziman",
        inReplyTo: sent.internet_message_id,
        references: [sent.internet_message_id],
      });
      const { message } = await live.arrival(`Re: ${subject}`);
      live.close();
      const { messages } = await getThread(sent.thread_id);
      expect(messages.map((one) => one.id)).toEqual([sent.id, message.id]);
    });

    test("sending from another company's account is refused", async () => {
      await signIn(32, [2]);
      const { id } = await accountOf("support@yolchi.example");
      await signIn(30, [1]);
      const to = [{ email: "john@customer.com" }];
      const sent = sendEmail({ email_account_id: id, to, subject: "Salom", body_html: "<p>Salom</p>" });
      await expect(sent).rejects.toEqual({ status: 403, detail: "No access to this email account" });
    });
  });
}

const accountOf = async (email: string) =>
  (await getAccounts()).find(({ email_address }) => email_address === email)!;
