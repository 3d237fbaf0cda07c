import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { VIEWS } from "../../src/ems/conversations/schemas.ts";
import { formatCursor } from "../../src/ems/lists/pagination.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import type { Client } from "./client.ts";
import { type Grown, middle } from "./grown.ts";
import type { ObservedWorker } from "./observed-worker.ts";

/** The queries of each list. A deep page reads all rows before it, so page 3 stands for deep pages. */
function listsOf({ mailbox }: Grown): Record<string, string[]> {
  const account = `account_id=${mailbox.id}`;
  const pages = ["", "page=3", account, `${account}&page=3`];
  // A rare filter has no cursor in a small company, where one page covers everything.
  const rare = ["state=parked", "type=message.opened"];
  const first = `cursor=${formatCursor({ at: 4e9, id: "first" })}`;
  const ofAccount = ["folder=inbox", "folder=sent"].map((folder) => `${account}&${folder}`);
  const folders = ["folder=sent", "folder=inbox", "folder=all", "folder=junk", ...ofAccount];
  const states = ["is_starred=true", "is_starred=false", "is_archived=true", "is_read=true", "is_read=false"];
  const inFolders = folders.flatMap((folder) => [folder, ...states.map((state) => `${folder}&${state}`)]);
  const thread = `thread_id=${middle(mailbox, 0).thread_id}`;
  const ofThread = [thread, `${thread}&folder=all&is_starred=false`, `${thread}&folder=sent&${account}`];
  const filtered = ["true", "false"].flatMap((isRead) => pages.map((page) => `is_read=${isRead}&${page}`));
  return {
    "GET /inbox": [...pages, ...filtered, ...states, ...inFolders, ...ofThread],
    "GET /inbox/unread-counts": [""],
    "GET /conversations": VIEWS.flatMap((view) =>
      ["", account, "is_read=false", thread].map((query) => `view=${view}&${query}`),
    ),
    "GET /messages": [...pages, ...folders, thread, `${thread}&folder=all`, `${thread}&folder=sent`],
    "GET /threads": [...pages, ...folders],
    "GET /drafts": [...pages, "size=50"],
    "GET /accounts": [""],
    "GET /companies": [""],
    "GET /contacts": ["q=c", `q=c&${account}`],
    "GET /me": [""],
    "GET /users": ["", "size=1", "company_id=1"],
    "GET /outbox": [""],
    "GET /events": [""],
    "GET /webhooks/deliveries": [
      "",
      account,
      "state=applied",
      ...rare,
      ...rare.map((filter) => `${filter}&${first}`),
    ],
  };
}

/** Reads each user's inbox. Lists that are equal for a company are read as two users only. */
export async function readLists(worker: ObservedWorker, grown: Grown): Promise<void> {
  const { fresh, several, ...readers } = grown.users;
  for (const [route, queries] of Object.entries(listsOf(grown))) {
    const others = /inbox|conversations/.test(route) ? Object.values(readers) : [];
    for (const as of [fresh, several, ...others]) {
      for (const query of queries) await readList(worker, route, query, as);
    }
  }
}

/** Follows `next_cursor`, unless the page was requested by number. */
async function readList(worker: ObservedWorker, route: string, query: string, as: Client): Promise<void> {
  const { body } = await worker.request(route, { as, query });
  if (!body.next_cursor || /page=|cursor=/.test(query)) return;
  await worker.request(route, { as, query: `${query}&cursor=${encodeURIComponent(body.next_cursor)}` });
}

/** Reads one message and one thread in each way, and changes their shared state. */
export async function readOne(worker: ObservedWorker, { mailbox, users: { fresh: as, several } }: Grown) {
  const { id: message_id, thread_id } = middle(mailbox, 0);
  for (const client of [as, several]) {
    await worker.request("GET /messages/:message_id", { as: client, ids: { message_id } });
    for (const query of ["", "folder=all", "folder=sent"]) {
      await worker.request("GET /threads/:thread_id", { as: client, ids: { thread_id }, query });
    }
    const inbox_id = entryIdOf(client.claims.user_id, message_id);
    await worker.request("GET /inbox/:inbox_id", { as: client, ids: { inbox_id } });
  }
  await worker.request("GET /messages/:message_id/html", { as, ids: { message_id } });
  await worker.request("GET /messages/:message_id/compose", { as, ids: { message_id }, query: "as=forward" });
  await worker.request("GET /attachments/message/:message_id", { as, ids: { message_id } });
  for (const do_not_delete of [true, false]) {
    await worker.request("PATCH /threads/:thread_id", { as, ids: { thread_id }, body: { do_not_delete } });
  }
  await worker.request("POST /threads/:thread_id/presence", {
    as,
    ids: { thread_id },
    body: { state: "viewing" },
  });
  await worker.request("PUT /companies/:company_id", {
    as,
    ids: { company_id: String(mailbox.company_id) },
    body: { name: "Demo" },
  });
  const headers = { authorization: `Bearer ${env.METRICS_TOKEN}` };
  await worker.request("GET /health");
  await worker.request("GET /metrics", { headers });
}

/** Each user reads, stars and archives. The busy user's dense ranges merge. */
export async function changeInbox(worker: ObservedWorker, { mailbox, users }: Grown): Promise<void> {
  for (const as of Object.values(users)) {
    const inbox_id = entryIdOf(as.claims.user_id, middle(mailbox, 2).id);
    for (const change of ["read", "unread", "star", "unstar", "archive", "unarchive"]) {
      await worker.request(`PATCH /inbox/:inbox_id/${change}`, { as, ids: { inbox_id } });
    }
    await worker.request("PATCH /inbox", { as, body: { ids: [inbox_id], changes: { is_starred: true } } });
    for (const is_archived of [true, false]) {
      const { thread_id } = middle(mailbox, 6);
      const changes = { is_read: is_archived, is_starred: is_archived, is_archived };
      await worker.request("PATCH /conversations/:thread_id", { as, ids: { thread_id }, body: changes });
      const thread_ids = [thread_id, middle(mailbox, 8).thread_id];
      await worker.request("PATCH /conversations", { as, body: { thread_ids, changes: { is_archived } } });
    }
    const { thread_id } = middle(mailbox, 4);
    await worker.request("PATCH /inbox/threads/:thread_id/read", { as, ids: { thread_id } });
  }
  // Its neighbours are read, so it lies between two ranges. The three become one.
  const { id } = mailbox.messages.at(-50) as { id: string };
  const before = worker.ran.length;
  await worker.request("PATCH /inbox/:inbox_id/read", {
    as: users.busy,
    ids: { inbox_id: entryIdOf(users.busy.claims.user_id, id) },
  });
  expect(worker.ran.slice(before).map(({ sql }) => sql.trim().split("(")[0])).toContain(
    "INSERT INTO ems_inbox_stretches ",
  );
}

/** Follows events by stream, with a token and a ticket, by polling, and as the company's hub. */
export async function follow(worker: ObservedWorker, { mailbox, users }: Grown): Promise<void> {
  for (const as of [users.fresh, users.several]) {
    const { headers } = await worker.request("GET /threads", { as });
    const since = encodeURIComponent(headers.get("last-event-id") ?? "");
    const inbox_id = entryIdOf(as.claims.user_id, middle(mailbox, 60).id);
    await worker.request("PATCH /inbox/:inbox_id/star", { as, ids: { inbox_id } });
    await worker.request("GET /events", { as, query: `since=${since}` });
    await worker.stream(`token=${as.token}&last_event_id=${since}`);
    const { body } = await worker.request("POST /sse/ticket", { as });
    await worker.stream(`ticket=${body.ticket}`);
  }
  await worker.wakeHub(mailbox.company_id);
  await worker.deliver({
    queue: "xabar-jobs",
    body: { type: "notify_hub", company_id: mailbox.company_id },
    attempts: 1,
  });
}
