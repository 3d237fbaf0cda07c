import { beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { composerOf, draftsOf, untilOutbox } from "../../support/composer.ts";
import { newUser, openInbox } from "../../support/inbox.ts";
import { uniqueSubject } from "../../support/mail.ts";
import { connectMailbox, expire, newCompany } from "../../support/mailbox.ts";

// The outbox and the drafts of a company, in Chromium.

const company = newCompany();
let user: Awaited<ReturnType<typeof newUser>>;
let mailbox: Awaited<ReturnType<typeof connectMailbox>>;

beforeAll(async () => {
  user = await newUser("Zarina", "admin", [company]);
  mailbox = await connectMailbox(user, company, "Sotuv");
});

const to = [{ email: "mijoz@mijoz.example" }];

describe("the drafts", () => {
  it("of colleagues are listed with who changed them, and open in the composer", async () => {
    const { page } = await openInbox({ user, path: "/app/drafts" });
    await page.getByText("No drafts").waitFor();
    const subject = uniqueSubject("Qoralama");
    const body = { email_account_id: mailbox.id, to, subject, body_html: "<p>Hamkasb yozgan</p>" };
    const colleague = await newUser("Umid", "agent", [company]);
    await colleague.api.GET("/me", {});
    await colleague.api.POST("/drafts", { body });
    await page.reload();
    const row = page.locator(".outgoing-row").filter({ hasText: subject });
    await row.getByText("Hamkasb yozgan").waitFor();
    await row.getByText("Last changed by Umid").waitFor();
    await row.getByRole("button", { name: subject }).click();
    const { composer, subjectField, untilText } = composerOf(page);
    await untilText("Hamkasb yozgan");
    expect(await subjectField.inputValue()).toBe(subject);
    await page.keyboard.press("Escape");
    await composer.waitFor({ state: "detached" });
    await row.getByRole("button", { name: "Delete the draft" }).click();
    await waitFor(async () => expect(await draftsOf(user, subject)).toEqual([]));
    await page.getByText("No drafts").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await row.getByText("Hamkasb yozgan").waitFor();
  });
});

describe("the outbox", () => {
  it("follows a mail from waiting to sent, and leads to its conversation", async () => {
    const { page } = await openInbox({ user, path: "/app/outbox" });
    const subject = uniqueSubject("Ketadi");
    const body = { email_account_id: mailbox.id, to, subject, body_html: "<p>x</p>", undo_seconds: 5 };
    await user.api.POST("/messages/send", { body });
    await page.reload();
    const row = page.locator(".outgoing-row").filter({ hasText: subject });
    await row.getByText(/^Will be sent/).waitFor();
    await untilOutbox(user, subject, "sent");
    await row.getByText("Sent.", { exact: true }).waitFor();
    await row.getByText("From You").waitFor();
    await row.getByRole("button", { name: "Open the conversation" }).click();
    await page.getByRole("heading", { name: subject }).waitFor();
  });

  it("says why a mail was not sent; it is edited again with all its text", async () => {
    const lost = await connectMailbox(user, company, "Uzilgan");
    const { page } = await openInbox({ user, path: "/app/outbox" });
    await page.getByRole("heading", { level: 1, name: "Outbox" }).waitFor();
    await page.keyboard.press("c");
    const { composer, to: field, subjectField, text, untilText } = composerOf(page);
    await composer.getByRole("combobox", { name: "From" }).selectOption(lost.id);
    const subject = uniqueSubject("Ketmaydi");
    await field.fill("mijoz@mijoz.example");
    await page.keyboard.press("Enter");
    await subjectField.fill(subject);
    await text.click();
    await page.keyboard.type("Muhim matn");
    await page.keyboard.press("Control+Enter");
    await composer.waitFor({ state: "detached" });
    await expire(lost.grant_id);
    const { detail } = await untilOutbox(user, subject, "failed");
    await page.getByText(`Not sent. ${detail}`).waitFor();
    const row = page.locator(".outgoing-row").filter({ hasText: subject });
    await row.getByText(`Not sent: ${detail}`).waitFor();
    await row.getByRole("button", { name: "Edit again" }).click();
    await untilText("Muhim matn");
    expect(await subjectField.inputValue()).toBe(subject);
  });
});
