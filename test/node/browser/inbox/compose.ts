import { describe, expect, it } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { answering, composerOf, draftsOf, untilOutbox, writing } from "../../support/composer.ts";
import { MAILBOX, newUser, openInbox, receiveStored } from "../../support/inbox.ts";
import { uniqueSubject } from "../../support/mail.ts";
import { openThread, PIXEL } from "../../support/reading.ts";

// Writing, saving and sending a mail, in Chromium.

const member = (name = "Dilnoza") => newUser(name);
const CUSTOMER = "aziza@mijoz.example";

describe("what is typed", () => {
  it("right after r is in the body, in order, and none of it is a command", async () => {
    const { page, thread_id, untilText } = await answering(await member());
    await page.keyboard.press("r");
    await page.keyboard.type("e s u # j k / ? archive");
    await untilText("e s u # j k / ? archive");
    expect(page.url()).toContain(thread_id);
    expect(await page.locator("[data-sonner-toast]").count()).toBe(0);
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("while the composer is still loaded is kept for it, and so are lines and corrections", async () => {
    const { subject, thread_id } = await receiveStored();
    const { page, context } = await openInbox({ user: await member() });
    let isHeld = false;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await context.route(/assets\/composer-.*\.js/, async (route) => {
      isHeld = true;
      await released;
      await route.continue();
    });
    await openThread(page, thread_id);
    await page.keyboard.press("r");
    await page.keyboard.type("Salomx");
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Enter");
    await page.keyboard.type("sizga e j");
    await waitFor(() => expect(isHeld).toBe(true));
    expect(await page.locator(".rich-text").count()).toBe(0);
    release();
    const { subjectField: field, untilText } = composerOf(page);
    await untilText("Salom\nsizga e j");
    await page.keyboard.type("!");
    await untilText("Salom\nsizga e j!");
    expect(await field.inputValue()).toBe(`Re: ${subject}`);
  });

  it("is given up by Escape while the composer is still loaded", async () => {
    const { thread_id } = await receiveStored();
    const { page, context } = await openInbox({ user: await member() });
    await context.route(/assets\/composer-.*\.js/, async () => {});
    await openThread(page, thread_id);
    await page.keyboard.press("r");
    await page.keyboard.type("Salom");
    await page.keyboard.press("Escape");
    // Keys are commands again.
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
  });

  it("for a new mail goes to its first field", async () => {
    const { page } = await openInbox({ user: await member() });
    await page.locator(".row").first().waitFor();
    await page.keyboard.press("c");
    await page.keyboard.type("ali@x.example");
    const { to } = composerOf(page);
    await waitFor(async () => expect(await to.inputValue()).toBe("ali@x.example"));
  });
});

describe("a draft", () => {
  it("is saved by itself, says so, and is there after Escape, with the focus where it was", async () => {
    const user = await member();
    const { page, subject, untilSaved, composer, untilText } = await answering(user);
    await page.keyboard.press("r");
    await page.keyboard.type("Saqlanadi");
    await untilSaved();
    const [draft] = await draftsOf(user, `Re: ${subject}`);
    expect(draft?.body_html).toMatch(/^<div>Saqlanadi<\/div><div class="xabar_quote">/);
    await page.keyboard.press("Escape");
    await composer.waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.closest(".composer"))).toBeNull();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await untilText("Saqlanadi");
    await page.keyboard.type(" 2");
    await waitFor(async () => {
      const [again] = await draftsOf(user, `Re: ${subject}`);
      expect(again).toMatchObject({ id: draft!.id, body_html: expect.stringContaining("Saqlanadi 2") });
    });
  });

  it("has also what was still being typed in a field when it was closed", async () => {
    const user = await member();
    const { page, to, subjectField: field, composer } = await writing(user);
    const subject = uniqueSubject("Yarim");
    await field.fill(subject);
    await to.fill(CUSTOMER);
    await page.keyboard.press("Escape");
    await composer.waitFor({ state: "detached" });
    await waitFor(async () => {
      const [draft] = await draftsOf(user, subject);
      expect(draft?.to).toEqual([{ name: null, email: CUSTOMER }]);
    });
  });

  it("in which nothing was written is not stored, and one that was emptied is deleted", async () => {
    const user = await member();
    const { page, subject, text, composer, untilSaved } = await answering(user);
    await page.keyboard.press("r");
    await text.waitFor();
    await page.keyboard.press("Escape");
    await composer.waitFor({ state: "detached" });
    expect(await draftsOf(user, `Re: ${subject}`)).toEqual([]);
    await page.keyboard.press("r");
    await page.keyboard.type("x");
    await untilSaved();
    expect(await draftsOf(user, `Re: ${subject}`)).toHaveLength(1);
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Escape");
    await waitFor(async () => expect(await draftsOf(user, `Re: ${subject}`)).toEqual([]));
  });

  it("that is discarded is gone, and comes back when that is undone", async () => {
    const user = await member();
    const { page, subject, composer, untilSaved, untilText } = await answering(user);
    await page.keyboard.press("r");
    await page.keyboard.type("Kerak emas");
    await untilSaved();
    await composer.getByRole("button", { name: "Discard" }).click();
    await waitFor(async () => expect(await draftsOf(user, `Re: ${subject}`)).toEqual([]));
    await page.getByRole("button", { name: "Undo" }).click();
    await untilText("Kerak emas");
    await waitFor(async () => expect(await draftsOf(user, `Re: ${subject}`)).toHaveLength(1));
  });

  it("that a colleague changed as well shows both versions, and the chosen one is kept", async () => {
    const [user, colleague] = [await member(), await member("Malika Rahimova")];
    const { page, subject, text, composer, untilSaved, untilText } = await answering(user);
    await page.keyboard.press("r");
    await page.keyboard.type("Mening matnim");
    await untilSaved();
    const [draft] = await draftsOf(user, `Re: ${subject}`);
    const params = { path: { draft_id: draft!.id } };
    await colleague.api.GET("/me", {});
    await colleague.api.PATCH("/drafts/{draft_id}", { params, body: { body_html: "<p>Uning matni</p>" } });
    await text.click();
    await page.keyboard.type(", yana");
    const conflict = composer.getByRole("alert");
    await conflict.getByText("Mening matnim, yana").waitFor();
    await conflict.getByText("Uning matni").waitFor();
    await conflict.getByRole("heading", { name: "Malika Rahimova" }).waitFor();
    await conflict.getByRole("button", { name: "Keep mine" }).click();
    await waitFor(async () => {
      const [kept] = await draftsOf(user, `Re: ${subject}`);
      expect(kept?.body_html).toContain("Mening matnim, yana");
    });
    await colleague.api.PATCH("/drafts/{draft_id}", { params, body: { body_html: "<p>Yana uniki</p>" } });
    await text.click();
    await page.keyboard.type("!");
    await conflict.getByRole("button", { name: "Take this one" }).click();
    await untilText("Yana uniki");
    // What was mine is not lost.
    await page.getByRole("button", { name: "Open as a new draft" }).click();
    await untilText("Mening matnim, yana!");
  });

  it("is kept in the browser without a connection, offered after a reload, and saved later", async () => {
    const user = await member();
    const { page, context, text, composer, subject, untilText } = await answering(user);
    await page.keyboard.press("r");
    await text.waitFor();
    await context.route("**/drafts**", (route) => route.abort());
    await page.keyboard.type("Aloqasiz matn");
    await composer.getByText("No connection. Kept in this browser").waitFor();
    await page.reload();
    await page.getByText("A message that you were writing was not saved").waitFor();
    await context.unroute("**/drafts**");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await untilText("Aloqasiz matn");
    await waitFor(async () => expect(await draftsOf(user, `Re: ${subject}`)).toHaveLength(1));
    await composer.getByText(/^Saved/).waitFor();
    expect(
      await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("xabar.kept"))),
    ).toEqual([]);
  });
});

describe("sending", () => {
  it("can be undone for ten seconds with nothing lost, and then sends one mail", async () => {
    const user = await member();
    const { page, to, subjectField: field, text, composer, untilText } = await writing(user);
    const subject = uniqueSubject("Yangi xat");
    await to.fill(`Aziza <${CUSTOMER}>, b@mijoz.example,`);
    await page.keyboard.press("Enter");
    await field.fill(subject);
    await text.click();
    await page.keyboard.type("Assalomu alaykum");
    await page.keyboard.press("Control+Enter");
    await composer.waitFor({ state: "detached" });
    expect(await draftsOf(user, subject)).toEqual([]);
    await page.getByRole("button", { name: "Undo" }).click();
    await untilText("Assalomu alaykum");
    expect(await field.inputValue()).toBe(subject);
    expect(await composer.locator(".person-name").allInnerTexts()).toEqual(["Aziza", "b@mijoz.example"]);
    await untilOutbox(user, subject, "cancelled");
    await page.keyboard.press("Control+Enter");
    await composer.waitFor({ state: "detached" });
    await untilOutbox(user, subject, "sent");
    const { data } = await user.api.GET("/messages", { params: { query: { size: 50, folder: "all" } } });
    const sent = data!.items.filter((message) => message.subject === subject);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ body_html: "<div>Assalomu alaykum</div>", sent_by: user.user });
  });

  it("refuses a wrong address and a mail to nobody, with a sentence", async () => {
    const { page, to, send, composer } = await writing(await member());
    await composer.getByRole("button", { name: "Send", exact: true }).click();
    await composer.getByText("Say to whom it goes").waitFor();
    await to.fill("not an address");
    await page.keyboard.press("Enter");
    await send.click();
    await composer.getByRole("alert").getByText("not an address is not an email address").waitFor();
    expect(await composer.isVisible()).toBe(true);
  });

  it("later takes a time in words, or refuses one that is past", async () => {
    const user = await member();
    const { page, to, subjectField: field, composer } = await writing(user);
    const subject = uniqueSubject("Keyin");
    await to.fill(CUSTOMER);
    await page.keyboard.press("Enter");
    await field.fill(subject);
    await composer.getByRole("button", { name: "Send later" }).click();
    const menu = composer.getByRole("dialog", { name: "Send later" });
    await menu.getByLabel("Date and time").fill("2020-01-01T09:00");
    await menu.getByRole("button", { name: "Send at this time" }).click();
    await menu.getByText("This time is in the past").waitFor();
    await menu.getByRole("button", { name: /^Tomorrow morning/ }).click();
    await composer.waitFor({ state: "detached" });
    const entry = await untilOutbox(user, subject, "queued");
    expect(Date.parse(entry.send_at)).toBeGreaterThan(Date.now() + 3_600_000);
    await page.goto(new URL("/app/outbox", page.url()).href);
    const row = page.locator(".outgoing-row").filter({ hasText: subject });
    await row.getByRole("button", { name: "Do not send" }).click();
    await row.getByText("Cancelled. It was not sent.").waitFor();
    await row.getByRole("button", { name: "Edit again" }).click();
    await waitFor(async () => expect(await field.inputValue()).toBe(subject));
  });
});

describe("files", () => {
  it("go along, inline when they were pasted into the text, and stay in the draft", async () => {
    const user = await member();
    const { page, subject, text, composer } = await answering(user);
    await page.keyboard.press("r");
    await text.waitFor();
    const picker = page.waitForEvent("filechooser");
    await composer.getByRole("button", { name: "Attach files" }).click();
    await (await picker).setFiles([{ name: "hisob.txt", mimeType: "text/plain", buffer: Buffer.from("42") }]);
    await composer.getByRole("list", { name: "Files" }).getByText("hisob.txt").waitFor();
    await text.evaluate((place, base64) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], "rasm.png", { type: "image/png" }));
      (place as HTMLElement).focus();
      place.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, PIXEL.toString("base64"));
    const image = text.locator("img[data-cid]");
    await image.waitFor();
    expect(await image.getAttribute("src")).toMatch(/^blob:/);
    await waitFor(async () => {
      const [draft] = await draftsOf(user, `Re: ${subject}`);
      expect(draft).toMatchObject({ body_html: expect.stringMatching(/<img [^>]*src="cid:/) });
      expect(draft?.attachment_ids).toHaveLength(2);
    });
    // A colleague who opens the draft sees the same.
    const [draft] = await draftsOf(user, `Re: ${subject}`);
    const other = await openInbox({ user: await member("Malika"), path: "/app/drafts" });
    await other.page.getByRole("button", { name: `Re: ${subject}` }).click();
    const theirs = composerOf(other.page);
    await theirs.composer.getByRole("list", { name: "Files" }).getByText("hisob.txt").waitFor();
    const shown = theirs.text.locator("img");
    await waitFor(async () =>
      expect(await shown.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(1),
    );
    expect(draft?.id).toBeTruthy();

    await page.keyboard.press("Control+Enter");
    await composer.waitFor({ state: "detached" });
    const { message_id } = await untilOutbox(user, `Re: ${subject}`, "sent");
    const { data } = await user.api.GET("/messages/{message_id}", {
      params: { path: { message_id: message_id! } },
    });
    const files = data!.attachments.map(({ filename, is_inline }) => ({ filename, is_inline }));
    expect(files).toEqual(
      expect.arrayContaining([
        { filename: "hisob.txt", is_inline: false },
        { filename: "rasm.png", is_inline: true },
      ]),
    );
  });

  it("over the limit are refused by name, before they are uploaded", async () => {
    const { page, composer, to } = await writing(await member());
    await to.waitFor();
    const picker = page.waitForEvent("filechooser");
    await composer.getByRole("button", { name: "Attach files" }).click();
    const files = Array.from({ length: 22 }, (_, n) => ({
      name: `f${n}.txt`,
      mimeType: "text/plain",
      buffer: Buffer.from("x"),
    }));
    await (await picker).setFiles(files);
    const list = composer.getByRole("list", { name: "Files" });
    await waitFor(async () => expect(await list.getByText("may have 20 files").count()).toBe(2));
  });

  it("of a mail that is forwarded go along, but for those that are removed", async () => {
    const user = await member();
    const { page, subject, composer, to } = await answering(user, {
      attachments: [
        { filename: "bir.txt", content: "1" },
        { filename: "ikki.txt", content: "2" },
      ],
    });
    await page.keyboard.press("f");
    await to.waitFor();
    await page.keyboard.type(MAILBOX.replace("support", "billing"));
    await page.keyboard.press("Enter");
    await composer.getByRole("button", { name: "Remove bir.txt" }).click();
    // The button is gone, and the keys still belong to the composer.
    await page.keyboard.press("Control+Enter");
    await composer.waitFor({ state: "detached" });
    const { message_id } = await untilOutbox(user, `Fwd: ${subject}`, "sent");
    const { data } = await user.api.GET("/messages/{message_id}", {
      params: { path: { message_id: message_id! } },
    });
    expect(data!.attachments.map(({ filename }) => filename)).toEqual(["ikki.txt"]);
    expect(data!.body_html).toContain("Forwarded message");
  });
});
