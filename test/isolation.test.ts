import { beforeAll, describe, expect, it } from "vitest";
import { VIEWS } from "../src/ems/conversations/schemas.ts";
import { formatPosition, positionAt } from "../src/ems/events/position.ts";
import { entryIdOf } from "../src/lib/ids.ts";
import { type Answered, createClient, unique } from "./support/client.ts";
import { db } from "./support/db.ts";
import { fill, guardedRoutes } from "./support/routes.ts";
import { beginSignIn, consent } from "./support/sign-in.ts";
import { openStream } from "./support/stream.ts";
import { absent, createTenant, idsOf, mail, stateOf, type Tenant } from "./support/tenant.ts";

let a: Tenant;
let b: Tenant;
let draftOfB: string;

beforeAll(async () => {
  a = await createTenant();
  b = await createTenant();
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  const waiting = mail(b.account.id, { send_at: tomorrow });
  expect((await b.client.call("POST", "/messages/send", waiting)).status).toBe(202);
  const draft = mail(b.account.id, { reply_to_message_id: b.message.id });
  const namesake = await createClient({ ...b.client.claims, user_id: a.client.claims.user_id, name: "Kim" });
  expect((await namesake.call("GET", "/me")).status).toBe(200);
  draftOfB = (await b.client.call("POST", "/drafts", draft)).body.id;
});

/** The response has none of the tenant's ids, addresses and subjects. */
function expectNothingOf(tenant: Tenant, { status, body }: Answered<unknown>): void {
  expect(status).toBe(200);
  const text = JSON.stringify(body);
  const marks = [...Object.values(idsOf(tenant)), tenant.account.email_address, tenant.message.subject];
  for (const mark of marks) expect(text).not.toContain(mark);
}

/** A's request with B's id in the path gets the same response as one with a random id. */
const notFound = (body?: () => object) => async (method: string, path: string) => {
  const foreign = await a.client.call(method, fill(path, { ...idsOf(b), draft_id: draftOfB }), body?.());
  const random = await a.client.call(
    method,
    fill(path, path.includes("company_id") ? { company_id: String(unique()) } : {}),
    body?.(),
  );
  expect(foreign.status).toBe(404);
  expect([foreign.status, foreign.body]).toEqual([random.status, random.body]);
};

/** Neither the whole list nor a list filtered by B's account has data of B. */
const emptyPage = async (method: string, path: string) => {
  expectNothingOf(b, await a.client.call(method, path));
  for (const id of [b.account.id, b.account.id.toUpperCase(), absent()]) {
    const filtered = await a.client.call(method, `${path}?account_id=${id}`);
    expect(filtered.body).toEqual({ items: [], total: 0, page: 1, size: 25, next_cursor: null });
  }
};

const emptyThread = async (method: string, path: string) => {
  for (const query of ["", "&folder=all", "&folder=inbox"]) {
    const { body } = await a.client.call(method, `${path}?thread_id=${b.message.thread_id}${query}`);
    expect(body).toMatchObject({ items: [], total: 0 });
  }
};

const nothingOfB = async (method: string, path: string) =>
  expectNothingOf(b, await a.client.call(method, path));

/** B's id in the body gets the same response as a random one. */
async function expectForbidden(path: string, foreign: object, random: object): Promise<void> {
  const refused = await a.client.call("POST", path, foreign);
  expect(refused.status).toBe(403);
  expect(await a.client.call("POST", path, random)).toMatchObject({ status: 403, body: refused.body });
}

const CASES: Record<string, (method: string, path: string) => Promise<void>> = {
  "GET /accounts": nothingOfB,
  "GET /companies": nothingOfB,
  "GET /contacts": async (method, path) => {
    // Whoever wrote to B, and B's own address.
    for (const q of ["customer", b.account.email_address.slice(0, 3)]) {
      const filtered = await a.client.call(method, `${path}?q=${q}&account_id=${b.account.id}`);
      expect(filtered).toMatchObject({ status: 200, body: { items: [] } });
      expectNothingOf(b, await a.client.call(method, `${path}?q=${q}`));
    }
    expect((await a.client.call(method, `${path}?q=box`)).body).toEqual({ items: [] });
  },
  "GET /me": nothingOfB,
  "GET /users": async (method, path) => {
    // Somebody with A's own user id is known in B.
    for (const query of ["", `?company_id=${b.company}`]) {
      const { status, body } = await a.client.call(method, `${path}${query}`);
      expect({ status, body }).toEqual({ status: 200, body: { items: [], next_cursor: null } });
    }
  },
  "GET /events": async (method, path) => {
    const start = formatPosition(new Map([[a.company, 0]]));
    expectNothingOf(b, await a.client.call(method, `${path}?since=${start}`));
    for (const companies of [[b.company], [a.company, b.company]]) {
      const since = formatPosition(positionAt(companies, () => 0));
      expectNothingOf(b, await a.client.call(method, `${path}?since=${since}`));
    }
  },
  "GET /inbox/unread-counts": nothingOfB,
  "GET /inbox": async (method, path) => {
    await emptyPage(method, path);
    for (const is_read of [true, false]) {
      expectNothingOf(b, await a.client.call(method, `${path}?is_read=${is_read}`));
      const filtered = await a.client.call(method, `${path}?is_read=${is_read}&account_id=${b.account.id}`);
      expect(filtered.body).toMatchObject({ items: [], total: 0 });
    }
    for (const query of ["folder=all", "is_starred=false", "is_starred=true", "is_archived=true"]) {
      expectNothingOf(b, await a.client.call(method, `${path}?${query}`));
    }
    await emptyThread(method, path);
  },
  "GET /inbox/:inbox_id": entryOfB,
  "GET /conversations": async (method, path) => {
    const filters = [b.account.id, absent()].map((id) => `account_id=${id}`);
    for (const thread of [b.message.thread_id, absent()]) filters.push(`thread_id=${thread}`);
    for (const view of VIEWS) {
      for (const unread of ["", "&is_read=false"]) {
        expectNothingOf(b, await a.client.call(method, `${path}?view=${view}${unread}`));
        for (const filter of filters) {
          const { body } = await a.client.call(method, `${path}?view=${view}${unread}&${filter}`);
          expect(body).toEqual({ items: [], next_cursor: null });
        }
      }
    }
  },
  "GET /messages": async (method, path) => {
    await emptyPage(method, path);
    expectNothingOf(b, await a.client.call(method, `${path}?folder=all`));
    await emptyThread(method, path);
  },
  "GET /drafts": emptyPage,
  "GET /threads": emptyPage,

  "GET /outbox": nothingOfB,
  "GET /outbox/:outbox_id": entryOfOutbox,
  "POST /outbox/:outbox_id/cancel": entryOfOutbox,

  "GET /accounts/:account_id": notFound(),
  "GET /accounts/:account_id/sync": notFound(),
  "PATCH /accounts/:account_id": notFound(() => ({ display_name: "Taken", status: "disconnected" })),
  "DELETE /accounts/:account_id": async (method, path) => {
    await notFound()(method, path);
    await notFound()(method, `${path}?erase=true`);
  },
  "DELETE /companies/:company_id": notFound(),
  "GET /companies/:company_id/move": notFound(),
  "POST /companies/:company_id/move": notFound(),
  "GET /drafts/:draft_id": notFound(),
  "GET /drafts/:draft_id/files": notFound(),
  "PATCH /drafts/:draft_id": notFound(() => ({ subject: "Taken", email_account_id: a.account.id })),
  "DELETE /drafts/:draft_id": notFound(),
  "POST /drafts/:draft_id/send": notFound(),
  "GET /messages/:message_id": notFound(),
  "GET /messages/:message_id/compose": async (method, path) => {
    for (const as of ["reply", "reply-all", "forward"]) await notFound()(method, `${path}?as=${as}`);
  },
  "GET /messages/:message_id/html": notFound(),
  "GET /threads/:thread_id": notFound(),
  "POST /threads/:thread_id/presence": notFound(() => ({ state: "viewing" })),
  "PATCH /conversations/:thread_id": notFound(() => ({ is_read: true, is_starred: true, is_archived: true })),
  "PATCH /conversations": async (method, path) => {
    const thread_ids = [b.message.thread_id, absent()];
    const { status, body } = await a.client.call(method, path, {
      thread_ids,
      changes: { is_archived: true },
    });
    expect([status, body]).toEqual([200, { changed: { is_archived: [] }, not_found: thread_ids }]);
  },
  "PATCH /threads/:thread_id": notFound(() => ({ do_not_delete: true })),
  "GET /attachments/message/:message_id": notFound(),
  "GET /attachments/:attachment_id/download": notFound(),
  "PUT /companies/:company_id": notFound(() => ({ name: "Taken" })),
  "PATCH /inbox/threads/:thread_id/read": notFound(),
  "PATCH /inbox/:inbox_id/read": entryOfB,
  "PATCH /inbox/:inbox_id/unread": entryOfB,
  "PATCH /inbox/:inbox_id/star": entryOfB,
  "PATCH /inbox/:inbox_id/unstar": entryOfB,
  "PATCH /inbox": async (method, path) => {
    const ids = [b.item.id, b.message.id, entryIdOf(a.client.claims.user_id, b.message.id), absent()];
    const { status, body } = await a.client.call(method, path, { ids, changes: { is_archived: true } });
    expect({ status, body }).toEqual({ status: 200, body: { items: [], not_found: ids } });
  },
  "PATCH /inbox/:inbox_id/archive": entryOfB,
  "PATCH /inbox/:inbox_id/unarchive": entryOfB,

  "GET /webhooks/deliveries": async (method, path) => {
    for (const query of ["", `?account_id=${b.account.id}`, `?account_id=${absent()}`]) {
      expectNothingOf(b, await a.client.call(method, `${path}${query}`));
    }
  },
  "POST /webhooks/deliveries/replay": async (_method, path) => {
    const park = "UPDATE ems_deliveries SET state = ? WHERE account_id = ?";
    await db.prepare(park).bind("parked", b.account.id).run();
    for (const body of [{}, { account_id: b.account.id }]) {
      const { body: answer } = await a.client.call("POST", path, body);
      expect(answer).toEqual({ replayed: 0 });
    }
    await db.prepare(park).bind("applied", b.account.id).run();
  },
  "POST /webhooks/deliveries/:delivery_id/replay": async (method, path) => {
    const { body } = await b.client.call("GET", "/webhooks/deliveries");
    const [delivery] = body.items;
    const ofB = await a.client.call(method, fill(path, { delivery_id: delivery.id }));
    expect(ofB.status).toBe(404);
    expect((await a.client.call(method, fill(path))).body).toEqual(ofB.body);
  },

  "POST /accounts": async (_method, path) => {
    const account = (company_id: number) => ({ company_id, email_address: `new${unique()}@demo.example` });
    await expectForbidden(path, account(b.company), account(unique()));
    // Connecting B's mailbox to A's company does not give access, with or without its grant.
    for (const grant_id of [b.account.grant_id, null]) {
      const address = b.account.email_address.toUpperCase();
      const taken = { company_id: a.company, email_address: address, grant_id };
      expect((await a.client.call("POST", path, taken)).status).toBe(400);
    }
    const byGrant = { ...account(a.company), grant_id: b.account.grant_id };
    expect((await a.client.call("POST", path, byGrant)).status).toBe(400);
  },

  "GET /accounts/connect": async (method, path) => {
    const ask = (company: number) => a.client.call(method, `${path}?company_id=${company}&return_to=/`);
    const [foreign, random] = await Promise.all([ask(b.company), ask(unique())]);
    expect([foreign.status, foreign.body]).toEqual([403, random.body]);
  },
  "POST /accounts/connect": async (method, path) => {
    const begun = await beginSignIn(b.client);
    const code = (await consent(begun, `new${unique()}@demo.example`)).searchParams.get("code");
    const foreign = await a.client.call(method, path, { code, state: begun.state });
    const random = await a.client.call(method, path, { code, state: "0".repeat(64) });
    expect([foreign.status, foreign.body]).toEqual([400, random.body]);
    // A signs in to B's own mailbox.
    const own = await beginSignIn(a.client);
    const codeOfB = (await consent(own, b.account.email_address)).searchParams.get("code");
    const taken = await a.client.call(method, path, { code: codeOfB, state: own.state });
    expect([taken.status, taken.body.detail]).toEqual([400, expect.stringContaining("already exists")]);
  },

  "POST /attachments": async (method, path) => {
    const form = (company: number) =>
      `--x\r\nContent-Disposition: form-data; name="company_id"\r\n\r\n${company}\r\n${file}`;
    const file = '--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\na\r\n--x--';
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    for (const company of [b.company, unique()]) {
      for (const [query, body] of [
        ["", form(company)],
        [`?company_id=${company}`, file],
      ] as const) {
        const refused = await a.client.call(method, `${path}${query}`, body, headers);
        expect([refused.status, refused.body]).toEqual([403, { detail: "No access to this company" }]);
      }
    }
  },

  "POST /sse/ticket": async (method, path) => {
    const { body } = await a.client.call(method, path);
    const start = formatPosition(positionAt([a.company, b.company], () => 0));
    const stream = await openStream(`ticket=${body.ticket}&last_event_id=${start}`);
    expect(await stream.next()).toMatchObject({ event: "connected" });
    const seen = new Set<number>();
    for (const count of Array(3).keys()) seen.add((await stream.next())?.data.company_id ?? count);
    expect([...seen]).toEqual([a.company]);
    await stream.close();
  },

  "POST /messages/send": async (_method, path) => {
    await expectForbidden(path, mail(b.account.id), mail(absent()));
    const answering = (id: string) => mail(a.account.id, { reply_to_message_id: id });
    const refused = await a.client.call("POST", path, answering(b.message.id));
    expect(refused.status).toBe(404);
    expect((await a.client.call("POST", path, answering(absent()))).body).toEqual(refused.body);
  },

  "POST /messages/:message_id/reply-all": async (method, path) => {
    await notFound(() => ({ body_html: "Taken" }))(method, path);
    const from = (email_account_id: string) => ({ email_account_id, body_html: "Taken" });
    await expectForbidden(fill(path, idsOf(a)), from(b.account.id), from(absent()));
  },

  "POST /messages/:message_id/forward": async (method, path) => {
    const to = [{ email: "thief@out.example" }];
    await notFound(() => ({ to, body_html: "Taken" }))(method, path);
    const from = (email_account_id: string) => ({ email_account_id, to, body_html: "Taken" });
    await expectForbidden(fill(path, idsOf(a)), from(b.account.id), from(absent()));
  },

  "POST /drafts": async (_method, path) => {
    await expectForbidden(path, mail(b.account.id), mail(absent()));
    const answering = (id: string) => mail(a.account.id, { reply_to_message_id: id });
    const refused = await a.client.call("POST", path, answering(b.message.id));
    expect(refused.status).toBe(404);
    expect((await a.client.call("POST", path, answering(absent()))).body).toEqual(refused.body);
    const { body: own } = await a.client.call("POST", path, mail(a.account.id));
    for (const id of [b.message.id, absent()]) {
      const change = { reply_to_message_id: id };
      expect((await a.client.call("PATCH", `${path}/${own.id}`, change)).body).toEqual(refused.body);
    }
    for (const id of [b.account.id, absent()]) {
      const change = { email_account_id: id };
      expect((await a.client.call("PATCH", `${path}/${own.id}`, change)).status).toBe(403);
    }
    await a.client.call("DELETE", `${path}/${own.id}`);
  },

  "POST /messages/:message_id/reply": async (method, path) => {
    await notFound(() => mail(a.account.id))(method, path);
    await notFound(() => mail(b.account.id))(method, path);
    await expectForbidden(fill(path, idsOf(a)), mail(b.account.id), mail(absent()));
  },
};

/** A waiting mail of B is neither shown nor cancelled. */
async function entryOfOutbox(method: string, path: string): Promise<void> {
  const { results } = await db
    .prepare("SELECT id FROM ems_outbox WHERE company_id = ?")
    .bind(b.company)
    .all<{ id: string }>();
  expect(results).toHaveLength(1);
  for (const { id: outbox_id } of results) {
    const foreign = await a.client.call(method, fill(path, { outbox_id }));
    const random = await a.client.call(method, fill(path));
    expect([foreign.status, foreign.body]).toEqual([404, random.body]);
  }
}

/** B's entry id, and A's derived entry id for B's message: the derivation is not secret. */
async function entryOfB(method: string, path: string): Promise<void> {
  await notFound()(method, path);
  const { user_id } = a.client.claims;
  for (const inbox_id of [entryIdOf(user_id, b.message.id), b.message.id]) {
    expect((await a.client.call(method, fill(path, { inbox_id }))).status).toBe(404);
  }
}

it("every guarded route is tested", () => {
  const guarded = guardedRoutes.map(({ method, path }) => `${method} ${path}`);
  expect(Object.keys(CASES).sort()).toEqual(guarded.sort());
});

describe("another company's data is inaccessible and stays unchanged", () => {
  it.each(guardedRoutes)("$method $path", async ({ method, path }) => {
    const before = await stateOf(b);
    await CASES[`${method} ${path}`]!(method, path);
    expect(await stateOf(b)).toEqual(before);
  });
});
