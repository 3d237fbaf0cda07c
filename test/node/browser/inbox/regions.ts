import { describe, expect, it } from "vitest";
import { openInbox } from "../../support/inbox.ts";

describe("an address that leads nowhere", () => {
  it("says so, and keeps the sidebar", async () => {
    const { page } = await openInbox({ path: "/app/nowhere/at/all" });
    await page.getByText("There is nothing at this address").waitFor();
    await page.locator(".sidebar").getByRole("link", { name: "Starred" }).click();
    await page.waitForURL("**/app/starred");
  });
});

describe("a region that fails", () => {
  it("leaves the others usable, and can be tried again", async () => {
    const { page } = await openInbox({ path: "/app/settings" });
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
    await page.route("**/accounts", (route) => route.fulfill({ json: [null] }));
    await page.reload();
    const alert = page.getByRole("alert").filter({ hasText: "This part of the page failed" });
    await alert.waitFor();
    await page.getByRole("radio", { name: "Dark" }).check();
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    // The keys of the page still work.
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await page.locator(".row:not(.is-skeleton)").first().waitFor();
    expect(await alert.count()).toBe(1);
    await page.unroute("**/accounts");
    await page.reload();
    await page.locator(".sidebar").getByRole("link", { name: "Starred" }).waitFor();
  });

  it("whose script a newer build has replaced asks for a reload", async () => {
    const { page } = await openInbox();
    await page.locator(".row:not(.is-skeleton)").first().waitFor();
    await page.route("**/assets/screens-*.js", (route) =>
      route.fulfill({ status: 404, json: { detail: "Not Found" } }),
    );
    await page.locator(".sidebar").getByRole("link", { name: "Settings" }).click();
    await page.getByRole("alert").filter({ hasText: "There is a newer version of Xabar" }).waitFor();
    await page.locator(".sidebar").getByRole("link", { name: "Inbox" }).click();
    await page.locator(".row:not(.is-skeleton)").first().waitFor();
    await page.locator(".sidebar").getByRole("link", { name: "Settings" }).click();
    await page.unroute("**/assets/screens-*.js");
    await page.getByRole("button", { name: "Reload" }).click();
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  });
});
