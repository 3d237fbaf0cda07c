import { setTimeout as sleep } from "node:timers/promises";
import { companies } from "./demo/data.ts";
import { demoMail } from "./demo.ts";
import type { NylasSim } from "./nylas/sim.ts";

const STUCK_MS = 5_000;
const GIVE_UP_MS = 60_000;

interface Account {
  id: string;
  email_address: string;
  status: string;
}

/** Where the API answers, and the token of a user. */
interface Api {
  url: string;
  token: string;
}

const callerOf =
  ({ url, token }: Api) =>
  async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };

/**
 * Puts the demo messages into the stand-in, and connects its mailboxes through the API as an admin of both companies.
 * The Worker then backfills the mailboxes.
 * @param progress receives the number of messages that have arrived, and the total
 * @throws Error if an API call fails, or if messages do not arrive
 */
export async function fillDemo(
  sim: Pick<NylasSim, "addGrant" | "inbound">,
  api: Api,
  progress: (arrived: number, expected: number) => void,
): Promise<void> {
  const call = callerOf(api);
  const grants = companies.flatMap(({ id: company_id, mailboxes }) =>
    mailboxes.map((mailbox) => ({ company_id, ...mailbox, grant_id: sim.addGrant(mailbox).id })),
  );
  const expected = demoMail(Date.now()).flatMap((mail) => sim.inbound(mail)).length;

  for (const { id, name } of companies) await call("PUT", `/companies/${id}`, { name });
  for (const { company_id, email, name, label, grant_id } of grants) {
    const account = { company_id, email_address: email, display_name: name, provider: label, grant_id };
    await call("POST", "/accounts/", account);
  }

  let before = -1;
  let movedAt = Date.now();
  let askedAt = movedAt;
  while (Date.now() - movedAt < GIVE_UP_MS) {
    const { total } = await call<{ total: number }>("GET", "/inbox/?size=1");
    progress(total, expected);
    const accounts = await call<Account[]>("GET", "/accounts/");
    if (total >= expected && accounts.every(({ status }) => status === "active")) return;
    if (total !== before) movedAt = Date.now();
    else if (Date.now() - Math.max(movedAt, askedAt) > STUCK_MS) {
      // A reload of the Worker (after a file was saved) drops its local queues. Start the backfill again.
      askedAt = Date.now();
      const waiting = accounts.filter(({ status }) => status === "syncing");
      for (const { id } of waiting) await call("PATCH", `/accounts/${id}`, { status: "syncing" });
    }
    before = total;
    await sleep(200);
  }
  throw new Error("The demo is incomplete: no message has arrived for a minute");
}

const UNREAD_MS = 30 * 60 * 60_000;

/**
 * Reads what is older than a day or so for the user of the token, and stars some of it: an inbox in which all is unread
 * looks like nobody's.
 */
export async function readOldMail(api: Api): Promise<void> {
  const call = callerOf(api);
  const change = (thread_ids: string[], changes: object) =>
    thread_ids.length ? call("PATCH", "/conversations", { thread_ids, changes }) : null;
  for (let query = "?size=100"; ; ) {
    const { items, next_cursor } = await call<{
      items: { thread_id: string; last_message_at: string }[];
      next_cursor: string | null;
    }>("GET", `/conversations${query}`);
    const old = items.filter(({ last_message_at }) => Date.parse(last_message_at) < Date.now() - UNREAD_MS);
    const ids = old.map(({ thread_id }) => thread_id).filter((_, nth) => nth % 11 !== 5);
    await change(ids, { is_read: true });
    await change(
      ids.filter((_, nth) => nth % 16 === 3),
      { is_starred: true },
    );
    if (next_cursor === null) return;
    query = `?size=100&cursor=${encodeURIComponent(next_cursor)}`;
  }
}
