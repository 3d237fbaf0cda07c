import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { newUser, openInbox, receive, server } from "../../support/inbox.ts";
import { connectMailbox, expire, newAddress, newCompany } from "../../support/mailbox.ts";

const company = newCompany();
let admin: Awaited<ReturnType<typeof newUser>>;

beforeAll(async () => {
  admin = await newUser("Nodira Yusupova", "admin", [company, company + 1]);
});

const open = (path = "/app/mailboxes", user = admin) => openInbox({ user, path });

/** Goes from the mailboxes to the provider's page. */
async function begin(page: Page, provider = "Microsoft 365"): Promise<void> {
  await page.getByRole("button", { name: "Add a mailbox" }).click();
  await page.getByLabel("Company", { exact: true }).selectOption(`Company ${company}`);
  await page.getByLabel("Provider").selectOption(provider);
  await page.getByRole("button", { name: "Continue to the sign-in" }).click();
  await page.getByRole("heading", { name: "Connect a mailbox" }).waitFor();
}

async function allow(page: Page, email: string): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Allow" }).click();
}

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name }).waitFor();

/** The address has nothing left of the sign-in, nor has the entry before it. */
const expectClean = (page: Page) =>
  waitFor(() => expect(new URL(page.url()).searchParams.toString()).toBe(""));

describe("adding a mailbox", () => {
  it("leads over the provider's page to the mailbox, which then receives mail", async () => {
    const { page } = await open();
    const email = newAddress();
    await begin(page);
    await allow(page, email);
    await page.waitForURL("**/app/mailboxes/*-*");
    await heading(page, email);
    await page.getByText("The mailbox is connected").waitFor();
    await expectClean(page);
    await waitFor(async () =>
      expect(await page.locator(".mailbox-facts").textContent()).toContain("In sync"),
    );
    expect(await page.locator(".mailbox-facts").textContent()).toContain("Microsoft 365");
    const subject = await receive({ to: email });
    await page.getByRole("link", { name: "Show its conversations" }).click();
    await page.getByText(subject).waitFor();
    await page.goBack();
    await heading(page, email);
  });

  it("says so when the owner refuses, and cleans the address", async () => {
    const { page } = await open();
    await begin(page);
    await page.getByRole("button", { name: "Deny" }).click();
    const alert = page.getByRole("alert").filter({ hasText: "The mailbox was not connected" });
    await alert.getByText("Its owner did not allow it.").waitFor();
    await expectClean(page);
    await page.reload();
    await heading(page, "Mailboxes");
    expect(await alert.count()).toBe(0);
  });

  it("says why when another company has the address", async () => {
    const { email_address } = await connectMailbox(admin, company + 1, "Band");
    const { page } = await open();
    await begin(page, "Google");
    await allow(page, email_address);
    await page
      .getByRole("alert")
      .filter({ hasText: "Email account with this email address/grant already exists." })
      .waitFor();
  });

  it("is finished with code and state in a browser that keeps no cookie of the Worker", async () => {
    const { page, context } = await open();
    const email = newAddress();
    await begin(page);
    await context.clearCookies();
    const finished = page.waitForResponse(
      (response) =>
        response.request().method() === "POST" && response.url() === `${server.url}/accounts/connect`,
    );
    await allow(page, email);
    expect((await finished).status()).toBe(201);
    await heading(page, email);
    await expectClean(page);
  });

  it("is refused in a sentence when sign-ins fail", async () => {
    const { page } = await open();
    await page.route("**/accounts/connect?*", (route) =>
      route.fulfill({ status: 403, json: { detail: "No access to this company" } }),
    );
    await page.getByRole("button", { name: "Add a mailbox" }).click();
    await page.getByRole("button", { name: "Continue to the sign-in" }).click();
    await page.getByRole("alert").filter({ hasText: "No access to this company" }).waitFor();
  });
});

describe("a mailbox", () => {
  it("that nobody has is not found", async () => {
    const { page } = await open(`/app/mailboxes/${crypto.randomUUID()}`);
    await page.getByText("There is nothing at this address").waitFor();
  });

  it("shows how far its history is read, and what went wrong", async () => {
    const { id } = await connectMailbox(admin, company, "Tarix");
    const { page } = await open(`/app/mailboxes/${id}`);
    await page.getByText("The history is read: 0 messages.").waitFor();
    // A history of this length would take minutes to read.
    const running = { state: "running", fetched: 12_345, estimated_total: 50_000, repaired_count: 7 };
    const { data: sync } = await admin.api.GET("/accounts/{account_id}/sync", {
      params: { path: { account_id: id } },
    });
    await page.route(`**/accounts/${id}/sync`, (route) =>
      route.fulfill({ json: { ...sync, ...running, last_error: "Provider returned 503" } }),
    );
    await page.reload();
    await page.getByText("Reading the history: 12,345 messages so far.").waitFor();
    const progress = page.getByRole("progressbar");
    expect(await progress.getAttribute("value")).toBe("24");
    await page.getByText("24%", { exact: true }).waitFor();
    await page.getByText("Provider returned 503").waitFor();
  });

  it("takes a name, which everyone sees at once", async () => {
    const { id, email_address } = await connectMailbox(admin, company, "Eski nom");
    const colleague = await openInbox({ user: await newUser("Jasur", "agent", [company]) });
    const inSidebar = colleague.page.locator(".nav-mailbox", { hasText: "Yangi nom" });
    const { page } = await open(`/app/mailboxes/${id}`);
    await page.getByLabel("Name").fill("  Yangi nom ");
    await page.getByRole("button", { name: "Save" }).click();
    await heading(page, "Yangi nom");
    await inSidebar.waitFor();
    await page.getByLabel("Name").fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await heading(page, email_address);
  });

  it("is disconnected after a question, and connected again with its mail", async () => {
    const { id, email_address } = await connectMailbox(admin, company, "Uziladigan");
    const { page } = await open(`/app/mailboxes/${id}`);
    await page.getByRole("button", { name: "Disconnect" }).click();
    const question = page.getByRole("dialog", { name: "Disconnect Uziladigan?" });
    await question.getByRole("button", { name: "Cancel" }).click();
    await question.waitFor({ state: "detached" });
    expect(await page.getByRole("button", { name: "Connect again" }).count()).toBe(0);
    await page.getByRole("button", { name: "Disconnect" }).click();
    await question.getByRole("button", { name: "Disconnect" }).click();
    await page.getByText("Disconnected by a user").waitFor();
    await page.getByRole("button", { name: "Connect again" }).click();
    await page.getByRole("heading", { name: "Connect a mailbox" }).waitFor();
    await allow(page, email_address);
    await page.waitForURL(`**/app/mailboxes/${id}`);
    await waitFor(async () =>
      expect(await page.locator(".mailbox-facts").textContent()).toContain("In sync"),
    );
  });

  it("whose grant has expired says so, without a reload", async () => {
    const { id, grant_id } = await connectMailbox(admin, company, "Muddati o‘tgan");
    const { page } = await open(`/app/mailboxes/${id}`);
    await page.getByRole("button", { name: "Disconnect" }).waitFor();
    await expire(grant_id);
    await page.getByRole("button", { name: "Connect again" }).waitFor();
  });

  it("is erased by an administrator who types its address, and by nobody else", async () => {
    const { id, email_address } = await connectMailbox(admin, company, "O‘chadigan");
    const agent = await open(`/app/mailboxes/${id}`, await newUser("Jasur", "agent", [company]));
    await agent.page.getByRole("button", { name: "Disconnect" }).waitFor();
    expect(await agent.page.getByRole("button", { name: "Erase" }).count()).toBe(0);

    const { page } = await open(`/app/mailboxes/${id}`);
    await page.getByRole("button", { name: "Erase" }).click();
    const question = page.getByRole("dialog", { name: "Erase O‘chadigan?" });
    const erase = question.getByRole("button", { name: "Erase" });
    expect(await erase.isDisabled()).toBe(true);
    await question.getByLabel(`To go on, type ${email_address}`).fill("boshqa@sinov.example");
    expect(await erase.isDisabled()).toBe(true);
    await question.getByLabel(`To go on, type ${email_address}`).fill(email_address);
    await erase.click();
    await page.waitForURL("**/app/mailboxes");
    await page.getByText("The mailbox is being erased").waitFor();
    await waitFor(async () => {
      const { data } = await admin.api.GET("/accounts");
      expect(data?.map((account) => account.id)).not.toContain(id);
    });
    await waitFor(async () => expect(await page.getByText(email_address).count()).toBe(0));
  });
});

describe("a company", () => {
  it("gets its name from an administrator", async () => {
    await connectMailbox(admin, company, "Boshqa kompaniyada");
    await connectMailbox(admin, company + 1, "Yagona");
    const { page } = await open();
    const section = page.getByRole("region", { name: `Company ${company + 1}` });
    await section.getByRole("button", { name: `Change Company ${company + 1}` }).click();
    await page.getByLabel("Name of the company").fill("Quyosh Savdo");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("region", { name: "Quyosh Savdo" }).getByText("Yagona").waitFor();
    await page.locator(".nav-company", { hasText: "Quyosh Savdo" }).waitFor();
  });

  it("cannot be named by others", async () => {
    const { page } = await open("/app/mailboxes", await newUser("Jasur", "agent", [company + 1]));
    await page.getByRole("region", { name: "Quyosh Savdo" }).waitFor();
    expect(await page.getByRole("button", { name: "Change Quyosh Savdo" }).count()).toBe(0);
  });

  it("without a mailbox is there for whoever has a mailbox elsewhere", async () => {
    const user = await newUser("Nodira Yusupova", "admin", [company + 1, company + 2]);
    const { page } = await open("/app/mailboxes", user);
    const section = page.getByRole("region", { name: `Company ${company + 2}` });
    await section.getByText("There is no mailbox yet").waitFor();
  });

  it("is erased with all its mailboxes after its name was typed", async () => {
    const own = newCompany();
    const user = await newUser("Nodira Yusupova", "admin", [own]);
    await connectMailbox(user, own, "Birinchi");
    const params = { path: { company_id: own } };
    await user.api.PUT("/companies/{company_id}", { params, body: { name: "G‘ijduvon Savdo" } });
    const { page } = await open("/app/mailboxes", user);
    await page.getByRole("button", { name: "Change G‘ijduvon Savdo" }).click();
    await page.getByRole("button", { name: "Erase the company" }).click();
    const question = page.getByRole("dialog", { name: "Erase G‘ijduvon Savdo?" });
    const erase = question.getByRole("button", { name: "Erase the company" });
    expect(await erase.isDisabled()).toBe(true);
    const field = question.getByLabel("To go on, type G‘ijduvon Savdo");
    await field.fill("G‘ijduvon");
    expect(await erase.isDisabled()).toBe(true);
    // As a keyboard has it.
    await field.fill("g'ijduvon savdo");
    await erase.click();
    await page.getByText("The company is being erased").waitFor();
    await waitFor(async () => expect((await user.api.GET("/accounts")).data).toEqual([]));
    await waitFor(async () => expect(await page.getByText("Birinchi").count()).toBe(0));
  });
});
