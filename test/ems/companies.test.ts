import { expect, it } from "vitest";
import { createClient, unique } from "../support/client.ts";

it("only an admin names a company, and only one in the token", async () => {
  const company = unique();
  const member = await createClient({ role: "member", companies: [company] });
  expect((await member.call("PUT", `/companies/${company}`, { name: "Mine" })).status).toBe(403);
  const admin = await createClient();
  const foreign = await admin.call("PUT", `/companies/${company}`, { name: "Mine" });
  expect(foreign).toMatchObject({ status: 404, body: { detail: "Company not found" } });
  expect((await member.call("GET", "/companies/")).body).toEqual([{ id: company, name: null }]);
});

it("a name can be given and changed, and is trimmed", async () => {
  const [first, second] = [unique(), unique()];
  const admin = await createClient({ companies: [second, first] });
  expect((await admin.call("PUT", `/companies/${first}`, { name: " Acme " })).body).toEqual({
    id: first,
    name: "Acme",
  });
  await admin.call("PUT", `/companies/${first}/`, { name: "Acme Corporation" });
  expect((await admin.call("GET", "/companies")).body).toEqual([
    { id: first, name: "Acme Corporation" },
    { id: second, name: null },
  ]);
});
