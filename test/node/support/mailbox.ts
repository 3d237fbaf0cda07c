import { moveTo, newUser, receiveStored, server } from "./inbox.ts";

type User = Awaited<ReturnType<typeof newUser>>;

let last = 0;

/** An address that no other test uses. */
export const newAddress = (): string => `egasi${Date.now().toString(36)}-${++last}@sinov.example`;

/** A company that no other test uses. */
export const newCompany = (): number => 10_000 + Math.floor(Math.random() * 1e9);

/** Calls the control API of the stand-in for Nylas. @throws Error when it refuses */
export async function control<Answer>(path: string, body: object = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${server.nylasPort}/__sim${path}`, {
    method: "POST",
    headers: { authorization: "Bearer control", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json() as Promise<Answer>;
}

/** Connects a mailbox of the stand-in to a company. @returns the account, and its grant */
export async function connectMailbox({ api }: User, company_id: number, display_name: string) {
  const email_address = newAddress();
  const grant = await control<{ id: string }>("/grants", { email: email_address, provider: "google" });
  const { data, error } = await api.POST("/accounts", {
    body: { company_id, email_address, display_name, provider: "google", grant_id: grant.id },
  });
  if (!data) throw new Error(`Not connected: ${error?.detail}`);
  return { ...data, grant_id: grant.id };
}

/** Ends a grant. As Nylas does, the stand-in tells of it within ten minutes; here it is told at once, too. */
export async function expire(grant_id: string): Promise<void> {
  await control(`/grants/${grant_id}/expire`);
  await control("/emit", { type: "grant.expired", object: { grant_id, code: 25009 } });
}

/** Gives this suite a company of its own, with some mail in its mailbox. @returns the mailbox's address */
export async function moveToOwnCompany(): Promise<string> {
  const company = newCompany();
  const admin = await newUser("Nodira Yusupova", "admin", [company]);
  const { email_address } = await connectMailbox(admin, company, "Yordam");
  await connectMailbox(admin, company, "Savdo");
  moveTo(company, email_address);
  for (let nth = 0; nth < 4; nth++) await receiveStored();
  return email_address;
}
