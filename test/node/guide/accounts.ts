import { beforeEach, describe, expect, test } from "vitest";
import { companies } from "../../../dev/demo/data.ts";
import { signIn } from "../support/browser.ts";
import type { DevServer } from "../support/dev-server.ts";
import {
  apiRequest,
  createAccount,
  deleteAccount,
  getAccount,
  getAccounts,
  getInbox,
  TokenStorage,
  updateAccount,
} from "./client.ts";
import { getSyncStatus } from "./display.ts";

/** Section 7, and the refusals of section 15. */
export function accountFacts(server: () => DevServer): void {
  describe("accounts", () => {
    beforeEach(() => signIn(10, [1, 2]));

    test("every demo mailbox is listed, active, with its company's id and name", async () => {
      const expected = companies.flatMap(({ id, name, mailboxes }) =>
        mailboxes.map(({ email, name: display_name, label }) => ({
          email_address: email,
          display_name,
          provider: label,
          company_id: id,
          company: { id, name },
          status: "active",
        })),
      );
      const accounts = await getAccounts();
      expect(accounts).toHaveLength(expected.length);
      expect(accounts).toEqual(
        expect.arrayContaining(expected.map((account) => expect.objectContaining(account))),
      );
      expect(await getAccount(accounts[0]!.id)).toEqual(accounts[0]);
      expect(getSyncStatus(accounts[0]!)).toMatch(/^Oxirgi sinxronizatsiya: /);
    });

    test("a user sees the accounts of their own companies only", async () => {
      const all = await getAccounts();
      const foreign = all.find(({ company_id }) => company_id === 1)!;
      await signIn(11, [2]);
      expect(await getAccounts()).toEqual(all.filter(({ company_id }) => company_id === 2));
      await expect(getAccount(foreign.id)).rejects.toEqual({
        status: 404,
        detail: "Email account not found",
      });
    });

    test("an account for a company that is not in the token is refused with 403", async () => {
      const created = createAccount({ company_id: 3, email_address: "sales@uchinchi.example" });
      await expect(created).rejects.toEqual({ status: 403, detail: "No access to this company" });
    });

    test("a taken address is refused in the contract's words", async () => {
      const created = createAccount({ company_id: 1, email_address: "savdo@anhor.example" });
      const detail = "Email account with this email address/grant already exists.";
      await expect(created).rejects.toEqual({ status: 400, detail });
    });

    test("an account without a grant is disconnected, can be renamed, and deleting it gives null for 204", async () => {
      const created = await createAccount({ company_id: 1, email_address: "yangi@anhor.example" });
      expect(created).toEqual({
        id: expect.any(String),
        company_id: 1,
        email_address: "yangi@anhor.example",
        display_name: null,
        provider: "godaddy",
        status: "disconnected",
        last_sync_at: null,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        company: { id: 1, name: companies[0]!.name },
      });
      expect(getSyncStatus(created)).toBe("Hali sinxronizatsiya bo'lmagan");

      const renamed = await updateAccount(created.id, { display_name: "Asosiy Support" });
      expect(renamed).toEqual({ ...created, display_name: "Asosiy Support" });

      expect(await apiRequest<null>(`/accounts/${created.id}`, { method: "DELETE" })).toBeNull();
      expect(await getAccount(created.id)).toEqual(renamed);
    });

    test("an account with a grant starts syncing, becomes active, and is disconnected by deleting it", async () => {
      const email = "omborxona@anhor.example";
      const grant_id = await grantOf(server(), email);
      const created = await createAccount({ company_id: 1, email_address: email, grant_id });
      expect(created.status).toBe("syncing");
      await expect.poll(async () => (await getAccount(created.id)).status).toBe("active");
      await deleteAccount(created.id);
      expect((await getAccount(created.id)).status).toBe("disconnected");
    });
  });

  test("a wrong token is refused with 401 and the contract's sentence", async () => {
    TokenStorage.save("wrong");
    await expect(getInbox()).rejects.toEqual({ status: 401, detail: "Invalid or expired token" });
    TokenStorage.remove();
    await expect(getInbox()).rejects.toEqual({ status: 401, detail: "Invalid or expired token" });
  });
}

/** The grant that a mailbox's owner gets by signing in at Nylas. */
async function grantOf({ nylasPort }: DevServer, email: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${nylasPort}/__sim/grants`, {
    method: "POST",
    headers: { authorization: "Bearer control", "content-type": "application/json" },
    body: JSON.stringify({ email, provider: "imap" }),
  });
  return ((await response.json()) as { id: string }).id;
}
