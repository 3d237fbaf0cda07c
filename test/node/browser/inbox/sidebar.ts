import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { newUser, openInbox, receive } from "../../support/inbox.ts";
import { connectMailbox, control, expire, newCompany } from "../../support/mailbox.ts";

const company = newCompany();
let admin: Awaited<ReturnType<typeof newUser>>;
let [sales, support]: Awaited<ReturnType<typeof connectMailbox>>[] = [];

beforeAll(async () => {
  admin = await newUser("Nodira Yusupova", "admin", [company]);
  sales = await connectMailbox(admin, company, "Savdo bo‘limi");
  support = await connectMailbox(admin, company, "Yordam");
});

const member = () => newUser("Jasur", "agent", [company]);
const navigation = (page: Page) => page.getByRole("navigation", { name: "Mailboxes and folders" });
const link = (page: Page, name: string | RegExp) => navigation(page).getByRole("link", { name });
const view = (page: Page, name: string) => link(page, new RegExp(`^${name}\\s*(,|$)`));

/** The unread messages beside a name, as a reader sees them. */
const badge = (page: Page, name: string) => link(page, name).locator(".badge > [aria-hidden]");

describe("the sidebar", () => {
  it("leads to each view and screen, and says which is open", async () => {
    const { page } = await openInbox({ user: await member() });
    for (const [name, path] of [
      ["Starred", "/app/starred"],
      ["Archived", "/app/archived"],
      ["Sent", "/app/sent"],
      ["All mail", "/app/all"],
      ["Junk", "/app/junk"],
      ["Trash", "/app/trash"],
      ["Drafts", "/app/drafts"],
      ["Outbox", "/app/outbox"],
      ["Inbox", "/app/inbox"],
    ] as const) {
      await view(page, name).click();
      await page.waitForURL(`**${path}`);
      expect(await view(page, name).getAttribute("aria-current")).toBe("page");
    }
    await page.keyboard.press("g");
    await page.keyboard.press("m");
    await page.waitForURL("**/app/mailboxes");
    await page.getByRole("heading", { level: 1, name: "Mailboxes" }).waitFor();
  });

  it("counts the unread messages of each mailbox and of all, as they come", async () => {
    const { page } = await openInbox({ user: await member() });
    await link(page, /^Yordam/).waitFor();
    expect(await badge(page, "Yordam").count()).toBe(0);
    await receive({ to: support!.email_address });
    await waitFor(async () => expect(await badge(page, "Yordam").textContent()).toBe("1"));
    await receive({ to: support!.email_address });
    await receive({ to: sales!.email_address });
    await waitFor(async () => {
      expect(await badge(page, "Yordam").textContent()).toBe("2");
      expect(await badge(page, "Savdo").textContent()).toBe("1");
      expect(await badge(page, "Inbox").textContent()).toBe("3");
    });
    expect(await link(page, /^Yordam/).textContent()).toContain("2 unread messages");
  });

  it("limits the open view to a mailbox, also that of the next view", async () => {
    const { page } = await openInbox({ user: await member(), path: "/app/all" });
    await link(page, /^Savdo/).click();
    await page.waitForURL(`**/app/all?mailbox=${sales!.id}`);
    await waitFor(async () => expect(await badge(page, "Inbox").textContent()).toBe("1"));
    await link(page, /^Inbox/).click();
    await page.waitForURL(`**/app/inbox?mailbox=${sales!.id}`);
    expect(await link(page, /^Savdo/).getAttribute("aria-current")).toBe("true");
    await link(page, "All mailboxes").click();
    await page.waitForURL("**/app/inbox");
  });

  it("says in words when a mailbox is disconnected", async () => {
    const box = await connectMailbox(admin, company, "Kadrlar");
    const { page } = await openInbox({ user: await member() });
    await waitFor(async () => expect(await link(page, /^Kadrlar/).textContent()).toContain("In sync"));
    await expire(box.grant_id);
    await waitFor(async () => expect(await link(page, /^Kadrlar/).textContent()).toContain("Disconnected"));
    await link(page, /^Kadrlar/)
      .getByText("Disconnected")
      .waitFor();
  });

  it("says that a mail was not sent, until the outbox was open", async () => {
    const user = await member();
    const { page } = await openInbox({ user });
    await view(page, "Outbox").waitFor();
    expect(await badge(page, "Outbox").count()).toBe(0);
    await control("/fault", { route: `POST /grants/${sales!.grant_id}/messages/send`, kind: "401" });
    const { response } = await user.api.POST("/messages/send", {
      body: {
        ...{ email_account_id: sales!.id, subject: "Taklif", body_html: "<p>Salom</p>" },
        to: [{ email: "mijoz@sinov.example" }],
      },
    });
    expect(response.ok).toBe(false);
    await waitFor(async () => expect(await badge(page, "Outbox").textContent()).toBe("1"));
    await link(page, /^Outbox/).click();
    await page.getByText("Taklif").waitFor();
    await view(page, "Inbox").click();
    await page.waitForURL("**/app/inbox");
    await waitFor(async () => expect(await badge(page, "Outbox").count()).toBe(0));
    await page.reload();
    await view(page, "Outbox").waitFor();
    expect(await badge(page, "Outbox").count()).toBe(0);
  });

  it("has the notifications for administrators only", async () => {
    const [one, other] = [await openInbox({ user: admin }), await openInbox({ user: await member() })];
    const sidebar = (page: Page) => page.locator(".sidebar");
    await sidebar(one.page).getByRole("link", { name: "Notifications" }).waitFor();
    await sidebar(other.page).getByRole("link", { name: "Settings" }).waitFor();
    expect(await sidebar(other.page).getByRole("link", { name: "Notifications" }).count()).toBe(0);
  });

  it("signs out: nothing of the token is left, and the way back leads to the sign-in", async () => {
    const { page } = await openInbox({ user: await member() });
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Xabar" }).waitFor();
    expect(await page.evaluate(() => localStorage.getItem("xabar.token"))).toBeNull();
    await page.reload();
    await page.getByRole("heading", { name: "Sign in to Xabar" }).waitFor();
  });
});

describe("on a phone", () => {
  const phone = { viewport: { width: 360, height: 640 }, hasTouch: true };

  it("it is a drawer: Escape closes it, and the focus is where it was", async () => {
    const { page } = await openInbox({ user: await member(), ...phone });
    const menu = page.getByRole("button", { name: "Open the menu" });
    await menu.focus();
    await page.keyboard.press("Enter");
    const drawer = page.getByRole("dialog", { name: "Mailboxes and folders" });
    await drawer.waitFor();
    const isInside = () => drawer.evaluate((element) => element.contains(document.activeElement));
    for (let nth = 0; nth < 30; nth++) {
      // The browser itself is the only other stop.
      const { isIn, isBody } = {
        isIn: await isInside(),
        isBody: await page.evaluate(() => document.activeElement === document.body),
      };
      expect(isIn || isBody).toBe(true);
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    expect(await menu.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it("a choice closes it, also that of what is open already, and keys are no commands meanwhile", async () => {
    const { page } = await openInbox({ user: await member(), ...phone });
    const drawer = page.getByRole("dialog", { name: "Mailboxes and folders" });
    const menu = page.getByRole("button", { name: "Open the menu" });
    await menu.tap();
    await drawer.waitFor();
    await page.keyboard.press("c");
    expect(await page.locator(".composer").count()).toBe(0);
    await link(page, /^Starred/).tap();
    await page.waitForURL("**/app/starred");
    await drawer.waitFor({ state: "detached" });
    await waitFor(async () =>
      expect(await menu.evaluate((element) => element === document.activeElement)).toBe(true),
    );
    await menu.tap();
    await link(page, /^Starred/).tap();
    await drawer.waitFor({ state: "detached" });
    await menu.tap();
    await page.touchscreen.tap(350, 320);
    await drawer.waitFor({ state: "detached" });
  });
});

describe("with 300 companies in one token", () => {
  it("companies are folded, and a filter finds a mailbox", async () => {
    const user = await member();
    const { page } = await openInbox({ user, path: "/app/settings" });
    // Their rows would take minutes to write. That the API lists so many is tested with it.
    const { data = [] } = await user.api.GET("/accounts");
    const [account] = data;
    const accounts = Array.from({ length: 900 }, (_, nth) => ({
      ...account!,
      ...{ id: crypto.randomUUID(), company_id: 1 + (nth % 300), company: null, display_name: null },
      email_address: `quti${nth}@kompaniya${nth % 300}.example`,
    }));
    await page.route("**/accounts", (route) => route.fulfill({ json: accounts }));
    await page.reload();

    const groups = navigation(page).locator(".nav-company");
    const mailboxes = navigation(page).locator(".nav-mailbox");
    await waitFor(async () => expect(await groups.count()).toBe(300));
    expect(await mailboxes.count()).toBe(0);
    await groups.filter({ hasText: "Company 217" }).click();
    expect(await mailboxes.count()).toBe(3);

    const field = page.getByRole("searchbox", { name: "Find a mailbox" });
    await field.fill("quti516@");
    await waitFor(async () => expect(await mailboxes.count()).toBe(1));
    await mailboxes.click();
    await page.waitForURL(`**/app/inbox?mailbox=${accounts[516]!.id}`);
    await field.fill("KOMPANIYA217.");
    await waitFor(async () => expect(await mailboxes.count()).toBe(3));
    await field.fill("kompaniya");
    await navigation(page).getByText("850 more").waitFor();
    await field.fill("yo‘q bunday");
    await navigation(page).getByText("No mailbox has this in its name").waitFor();
    // The company of the chosen mailbox stays unfolded.
    await field.fill("");
    await waitFor(async () => expect(await mailboxes.count()).toBe(3));
  });
});
