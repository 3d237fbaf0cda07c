import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import type { Schemas } from "../../../../client/index.ts";
import { waitFor } from "../../../support/wait.ts";
import { newUser, openInbox, receive } from "../../support/inbox.ts";
import { connectMailbox, newCompany } from "../../support/mailbox.ts";

const company = newCompany();
let admin: Awaited<ReturnType<typeof newUser>>;
let mailbox: Awaited<ReturnType<typeof connectMailbox>>;

beforeAll(async () => {
  admin = await newUser("Nodira Yusupova", "admin", [company]);
  mailbox = await connectMailbox(admin, company, "Savdo bo‘limi");
});

const open = () => openInbox({ user: admin, path: "/app/notifications" });
const rows = (page: Page) => page.locator("tbody tr");

it("is for administrators", async () => {
  const user = await newUser("Jasur", "agent", [company]);
  const { page } = await openInbox({ user, path: "/app/notifications" });
  await page.getByText("This page is for administrators").waitFor();
});

it("says that nothing is parked", async () => {
  const { page } = await open();
  await page.getByText("Nothing is parked").waitFor();
  expect(await page.getByRole("button", { name: "Apply all again" }).isDisabled()).toBe(true);
});

it("lists what the provider told, by state, type and mailbox, and applies one again", async () => {
  const { page } = await open();
  await page.getByLabel("State").selectOption("Any");
  await receive({ to: mailbox.email_address });
  await waitFor(async () => {
    const { data } = await admin.api.GET("/webhooks/deliveries", {
      params: { query: { state: "applied", type: "message.created" } },
    });
    expect(data?.items).toHaveLength(1);
  });
  await page.getByLabel("State").selectOption("Applied");
  await page.getByLabel("Type").selectOption("message.created");
  await page.getByRole("main").getByLabel("Mailbox").selectOption("Savdo bo‘limi");
  await waitFor(async () => expect(await rows(page).count()).toBe(1));
  expect(await rows(page).textContent()).toContain("Savdo bo‘limi");
  const replayed = page.waitForResponse((response) => response.url().endsWith("/replay"));
  await page.getByRole("button", { name: "Apply message.created again" }).click();
  expect((await replayed).status()).toBe(202);
  await page.getByText("1 notification is being applied").waitFor();
  // It is on its way, and then applied once more.
  await waitFor(async () => {
    expect(await rows(page).count()).toBe(1);
    expect(await rows(page).textContent()).toContain("Applied");
  });
  await page.getByLabel("Type").selectOption("message.deleted");
  await page.getByText("No notification is like this").waitFor();
});

it("shows why a notification is parked, and applies all of a filter again", async () => {
  // A notification is parked after 40 attempts, which take an hour.
  const parked: Schemas["NotificationResponse"] = {
    ...{ id: "n1", type: "message.created", grant_id: mailbox.grant_id, account_id: mailbox.id },
    ...{ received_at: "2026-01-31T09:00:00Z", occurred_at: null, state: "parked", attempts: 40 },
    ...{ error: "Provider returned 503", finished_at: null, retry_at: null, key: null },
  };
  let items = [parked, { ...parked, id: "n2", type: "message.updated" }];
  const { page } = await openInbox({ user: admin });
  await page.route("**/webhooks/deliveries?*", (route) =>
    route.fulfill({ json: { items, parked_count: items.length, next_cursor: null } }),
  );
  const bodies: unknown[] = [];
  await page.route("**/webhooks/deliveries/replay", (route) => {
    bodies.push(route.request().postDataJSON());
    items = [];
    return route.fulfill({ status: 202, json: { replayed: 2 } });
  });
  await page.locator(".sidebar").getByRole("link", { name: "Notifications" }).click();
  await page.getByText("2 are parked.").waitFor();
  await page.getByText("Provider returned 503").first().waitFor();
  await page.getByText("40 attempts").first().waitFor();
  await page.getByRole("main").getByLabel("Mailbox").selectOption("Savdo bo‘limi");
  await page.getByRole("button", { name: "Apply these again" }).click();
  await page.getByText("2 notifications are being applied").waitFor();
  await page.getByText("Nothing is parked").waitFor();
  expect(bodies).toHaveLength(1);
});
