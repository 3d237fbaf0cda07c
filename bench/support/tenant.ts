import { SignJWT } from "jose";
import type { NylasSim } from "../../dev/nylas/sim.ts";
import { eventually } from "./clock.ts";
import type { RunningWorker, Secrets } from "./worker.ts";

/** A company with a connected mailbox that has one message. */
export interface Tenant {
  company: number;
  grantId: string;
  email: string;
  threadId: string;
  call(method: string, path: string, body?: unknown): Promise<unknown>;
}

/** A token that outlives the bench. */
export const signToken = (secrets: Secrets, user_id: number, ...companies: number[]): Promise<string> =>
  new SignJWT({ user_id, role: "admin", companies, name: `User ${user_id}` })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1d")
    .sign(new TextEncoder().encode(secrets.JWT_SECRET));

/** The stream URL for a token. */
export const streamUrl = (worker: RunningWorker, token: string): string =>
  `${worker.url}/sse/events?token=${token}`;

/** Connects a mailbox of the stand-in with one message, and waits for its backfill. */
export async function createTenant(worker: RunningWorker, secrets: Secrets, sim: NylasSim): Promise<Tenant> {
  const company = 1;
  const token = await signToken(secrets, 1, company);
  const call: Tenant["call"] = (method, path, body) => request(`${worker.url}${path}`, token, method, body);
  const email = `team-${crypto.randomUUID()}@demo.example`;
  const grant = sim.addGrant({ email, provider: "google" });
  receiveMail(sim, email, "The first one");
  const created = (await call("POST", "/accounts/", {
    company_id: company,
    email_address: email,
    grant_id: grant.id,
  })) as { id: string };
  await eventually("The mailbox becomes active", async () => {
    const { status } = (await call("GET", `/accounts/${created.id}`)) as { status: string };
    return status === "active" || undefined;
  });
  const { items } = (await call("GET", "/threads/")) as { items: { id: string }[] };
  if (!items[0]) throw new Error("The message of the mailbox did not arrive");
  return { company, grantId: grant.id, email, threadId: items[0].id, call };
}

/** Stores a message in a mailbox of the stand-in without a notification. @returns the stored message */
export function receiveMail(sim: NylasSim, email: string, subject: string) {
  const html = `<p>Dear team,</p><p>${"this is a mail of middling length. ".repeat(40)}</p>`;
  const from = { email: "customer@out.example", name: "A Customer" };
  const [message] = sim.inbound({ from, to: [{ email }], subject, html, silent: true });
  if (!message) throw new Error(`Nobody has the mailbox ${email}`);
  return message;
}

async function request(url: string, token: string, method: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: ${response.status} ${text}`);
  return JSON.parse(text);
}
