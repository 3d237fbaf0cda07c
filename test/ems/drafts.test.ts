import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { DraftResponse } from "../../src/ems/sending/drafts/responses.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { breakRoute, eventually, mendRoutes, storedMail } from "../support/nylas.ts";
import { absent, createTenant, type Tenant } from "../support/tenant.ts";
import { waitFor } from "../support/wait.ts";

let tenant: Tenant;
let client: Client;
let colleague: Client;
let stranger: Tenant;
beforeAll(async () => {
  tenant = await createTenant();
  stranger = await createTenant();
  client = tenant.client;
  colleague = await createClient({ companies: [tenant.company] });
});

const write = async (
  fields: object = {},
  by = client,
  account = tenant.account.id,
): Promise<DraftResponse> => {
  const created = await by.call("POST", "/drafts/", { email_account_id: account, ...fields });
  expect(created.status, JSON.stringify(created.body)).toBe(201);
  return created.body;
};
const read = (id: string, by = client) => by.call<DraftResponse>("GET", `/drafts/${id}`);
const edit = (id: string, changes: object, version?: number | string, by = client) =>
  by.call("PATCH", `/drafts/${id}`, changes, ifMatch(version));
const remove = (id: string, version?: number) =>
  client.call("DELETE", `/drafts/${id}`, undefined, ifMatch(version));
const send = (id: string, version?: number, by = client) =>
  by.call("POST", `/drafts/${id}/send`, undefined, ifMatch(version));
const ifMatch = (version?: number | string): Record<string, string> =>
  version === undefined ? {} : { "if-match": String(version) };

const to = [{ name: "John Customer", email: "john@customer.example" }];
const mailbox = () => storedMail(tenant.account.grant_id);
const statusesOf = (answers: { status: number }[]) => answers.map(({ status }) => status).toSorted();

/** Objects are deleted after the response, so wait for it. */
const expectObjects = (id: string, count: number) =>
  waitFor(async () => {
    const { objects } = await env.ATTACHMENTS.list({ prefix: `drafts/${tenant.company}/${id}/` });
    expect(objects).toHaveLength(count);
  });

describe("refusals", () => {
  it("an account outside the caller's companies is 403, on create and on update", async () => {
    const draft = await write();
    for (const id of [stranger.account.id, absent()]) {
      const { status, body } = await client.call("POST", "/drafts/", { email_account_id: id });
      expect([status, body.detail]).toEqual([403, "No access to this email account"]);
      expect(await edit(draft.id, { email_account_id: id })).toMatchObject({ status: 403, body });
    }
    expect((await read(draft.id)).body).toEqual(draft);
  });

  it("a draft cannot move to another company, even for a user of both", async () => {
    const both = await createClient({ companies: [tenant.company, stranger.company] });
    const draft = await write({}, both);
    expect((await edit(draft.id, { email_account_id: stranger.account.id }, 1, both)).status).toBe(403);
    const answering = { reply_to_message_id: stranger.message.id };
    expect((await edit(draft.id, answering, 1, both)).status).toBe(404);
    const body = { email_account_id: tenant.account.id, ...answering };
    expect((await both.call("POST", "/drafts/", body)).status).toBe(404);
    expect((await read(draft.id)).body).toEqual(draft);
  });

  it("an unknown original is 404", async () => {
    const draft = await write();
    for (const id of [stranger.message.id, absent()]) {
      const { status, body } = await edit(draft.id, { reply_to_message_id: id });
      expect([status, body.detail]).toEqual([404, "Message not found"]);
    }
  });

  it("a foreign draft is 404 for every operation", async () => {
    const { id } = await write({ to });
    const asked = [
      ...["GET", "PATCH", "DELETE"].map((method) => [method, `/drafts/${id}`] as const),
      ["POST", `/drafts/${id}/send`] as const,
    ];
    for (const [method, path] of asked) {
      const { status, body } = await stranger.client.call(method, path, method === "GET" ? undefined : {});
      expect([status, body.detail], method).toEqual([404, "Draft not found"]);
    }
    expect((await read(id)).status).toBe(200);
  });

  it.each(["x", '"x"', "-1", '"1", "2"'])("If-Match: %s is 400", async (version) => {
    const { id } = await write({ to });
    for (const [method, path] of [
      ["PATCH", `/drafts/${id}`],
      ["DELETE", `/drafts/${id}`],
      ["POST", `/drafts/${id}/send`],
    ] as const) {
      const { status, body } = await client.call(method, path, {}, { "if-match": version });
      expect([status, body.detail]).toEqual([400, 'if-match: must be a version, such as "7"']);
    }
  });

  it("a draft without recipients is not sent", async () => {
    const draft = await write({ cc: to });
    const { status, body } = await send(draft.id);
    expect([status, body.detail]).toEqual([400, "to: at least one recipient"]);
    expect((await read(draft.id)).body).toEqual(draft);
  });
});

describe("a draft", () => {
  it("needs an account and nothing else", async () => {
    const { status, headers, body } = await client.call("POST", "/drafts/", {
      email_account_id: tenant.account.id.toUpperCase(),
    });
    expect([status, headers.get("etag")]).toEqual([201, '"1"']);
    expect(body).toEqual({
      id: expect.any(String),
      email_account_id: tenant.account.id,
      company_id: tenant.company,
      ...{ to: [], cc: [], bcc: [], subject: "", body_html: "", body_text: null },
      ...{ reply_to_message_id: null, attachment_ids: [], version: 1 },
      ...{ created_by: client.claims.user_id, updated_by: client.claims.user_id },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      updated_at: body.created_at,
    });
    const again = await read(body.id);
    expect([again.headers.get("etag"), again.body]).toEqual(['"1"', body]);
  });

  it("keeps absent fields, and null empties a field", async () => {
    const fields = {
      ...{ to, cc: to, bcc: to, subject: "Hello", body_html: "<p>Hello</p>", body_text: "Hello" },
      ...{ reply_to_message_id: tenant.message.id, attachment_ids: [absent()] },
    };
    const draft = await write(fields);
    expect(draft).toMatchObject(fields);
    const changed = await edit(draft.id, { subject: "Good-bye" }, undefined, colleague);
    const second = { ...draft, subject: "Good-bye", version: 2, updated_by: colleague.claims.user_id };
    expect(changed.headers.get("etag")).toBe('"2"');
    expect(changed.body).toEqual({ ...second, updated_at: expect.any(String) });
    const nothing = { cc: null, bcc: null, body_text: null, reply_to_message_id: null, attachment_ids: null };
    const { body } = await edit(draft.id, nothing);
    expect(body).toMatchObject({ ...nothing, to, cc: [], bcc: [], attachment_ids: [], version: 3 });
    expect((await edit(draft.id, { to: [], subject: "", body_html: "" })).body).toMatchObject({ to: [] });
  });

  it("keeps its version after a change without effect", async () => {
    const draft = await write({ to, subject: "Hello" });
    for (const same of [{}, { subject: "Hello", to }, { email_account_id: tenant.account.id }]) {
      expect((await edit(draft.id, same, 1)).body).toEqual(draft);
    }
  });

  it("keeps control characters and lone surrogates", async () => {
    const body_html = "\u0000 \ud800 \udc00 \u2028 \ud83d\ude00";
    const { id } = await write({ body_html });
    expect((await read(id)).body.body_html).toBe(body_html);
  });

  it("can move to another mailbox of its company", async () => {
    const other = await connectMailbox(client);
    const { id } = await write();
    expect((await edit(id, { email_account_id: other.id }, 1)).body).toMatchObject({
      email_account_id: other.id,
      version: 2,
    });
  });

  it("can be edited after its original was deleted", async () => {
    const draft = await write({ reply_to_message_id: tenant.message.id });
    const gone = absent();
    await db.prepare("UPDATE ems_drafts SET reply_to_message_id = ? WHERE id = ?").bind(gone, draft.id).run();
    const changes = { subject: "Still", reply_to_message_id: gone };
    expect((await edit(draft.id, changes)).body).toMatchObject(changes);
    await edit(draft.id, { to });
    expect(await send(draft.id)).toMatchObject({ status: 404, body: { detail: "Message not found" } });
    expect((await read(draft.id)).body).toMatchObject({ subject: "Still", version: 3 });
  });

  it("is 404 after its deletion", async () => {
    const { id } = await write();
    expect((await remove(id)).status).toBe(204);
    expect((await read(id)).status).toBe(404);
    expect((await remove(id)).status).toBe(404);
  });
});

describe("the list", () => {
  it("has the drafts of all companies of the caller, last updated first", async () => {
    const user = await createClient({
      companies: [...client.claims.companies, ...stranger.client.claims.companies],
    });
    const ofStranger = await write({}, stranger.client, stranger.account.id);
    const own = [await write(), await write({ body_html: "x".repeat(100_000) })];
    const drafts = [ofStranger, ...own];
    for (const [at, { id }] of drafts.entries()) {
      const later = db.prepare("UPDATE ems_drafts SET updated_at = updated_at + ? WHERE id = ?");
      await later.bind(1000 - 100 * at, id).run();
    }
    const { body: all } = await user.call("GET", "/drafts/?size=100");
    const ids = all.items.map(({ id }: DraftResponse) => id);
    expect(ids.slice(0, 3)).toEqual(drafts.map(({ id }) => id));
    expect(all).toMatchObject({ total: ids.length, page: 1, size: 100 });
    expect(all.items[2].body_html).toHaveLength(100_000);
    const paged: string[] = [];
    for (let page = 1; page <= Math.ceil(ids.length / 2); page++) {
      const { body } = await user.call("GET", `/drafts/?size=2&page=${page}`);
      expect(body.total).toBe(ids.length);
      paged.push(...body.items.map(({ id }: DraftResponse) => id));
    }
    expect(paged).toEqual(ids);
    const { body } = await user.call("GET", `/drafts/?account_id=${stranger.account.id}`);
    expect(body.items.map(({ id }: DraftResponse) => id)).toEqual([ofStranger.id]);
    expect(body.total).toBe(1);
  });
});

describe("the version of a draft", () => {
  it("rejects a change, deletion or send based on another version: 409 with the current draft", async () => {
    const draft = await write({ to });
    const { body: present } = await edit(draft.id, { subject: "By a colleague" }, 1, colleague);
    const before = await mailbox();
    for (const refused of [
      await edit(draft.id, { subject: "By me" }, 1),
      await edit(draft.id, {}, 1),
      await remove(draft.id, 1),
      await send(draft.id, 1),
      await edit(draft.id, { subject: "By me" }, 3),
    ]) {
      const detail = "This draft has changed since you read it";
      expect(refused).toMatchObject({ status: 409, body: { detail, version: 2, draft: present } });
    }
    expect(await mailbox()).toEqual(before);
    expect((await edit(draft.id, { subject: "By me" }, 'W/"2"')).status).toBe(200);
    expect((await edit(draft.id, { subject: "By anyone" }, "*")).status).toBe(200);
    expect((await remove(draft.id, 4)).status).toBe(204);
  });

  it("admits one of concurrent changes to the same version, of any size", async () => {
    for (const length of [10, 100_000]) {
      const draft = await write({ body_html: "x".repeat(length) });
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          edit(draft.id, { body_html: `${n}`.repeat(length) }, 1, n % 2 ? client : colleague),
        ),
      );
      expect(statusesOf(answers)).toEqual([200, 409, 409, 409, 409, 409]);
      const { body } = await read(draft.id);
      expect(answers.find(({ status }) => status === 200)?.body).toEqual(body);
      expect(body.version).toBe(2);
      await expectObjects(draft.id, length > 65_536 ? 1 : 0);
    }
  });

  it("admits all concurrent changes without If-Match, and none reverts another's fields", async () => {
    const fields = { subject: "A", body_html: "B".repeat(100_000), body_text: "C", to, cc: to };
    const draft = await write();
    const answers = await Promise.all(
      Object.entries(fields).map(([field, value]) => edit(draft.id, { [field]: value })),
    );
    expect(statusesOf(answers)).toEqual([200, 200, 200, 200, 200]);
    expect((await read(draft.id)).body).toMatchObject({ ...fields, version: 6 });
    await expectObjects(draft.id, 1);
  });

  it("admits one of a change and a deletion", async () => {
    const { id } = await write();
    const [edited, removed] = await Promise.all([edit(id, { subject: "x" }, 1), remove(id, 1)]);
    const statuses = `${edited?.status} ${removed?.status}`;
    expect(["200 409", "404 204"]).toContain(statuses);
  });
});

describe("a large draft", () => {
  const large = "ж".repeat(40_000);

  it("works like a small one, and leaves no object behind", async () => {
    const draft = await write({ body_html: large });
    await expectObjects(draft.id, 1);
    expect((await read(draft.id)).body).toEqual(draft);
    const { body: second } = await edit(draft.id, { subject: "Large" });
    expect(second).toMatchObject({ body_html: large, subject: "Large" });
    await expectObjects(draft.id, 1);
    await edit(draft.id, { body_html: "small" });
    await expectObjects(draft.id, 0);
    await edit(draft.id, { body_text: large });
    await expectObjects(draft.id, 1);
    expect((await edit(draft.id, { subject: "Refused" }, 1)).status).toBe(409);
    await expectObjects(draft.id, 1);
    await remove(draft.id);
    await expectObjects(draft.id, 0);
  });

  it("may be as large as a request, but not much larger", async () => {
    const body_html = "x".repeat(5 * 1024 * 1024 - 300);
    const draft = await write({ body_html });
    expect((await read(draft.id)).body.body_html).toHaveLength(body_html.length);
    const refused = await edit(draft.id, { body_text: body_html });
    expect([refused.status, refused.body.detail]).toEqual([400, expect.stringMatching(/^body: .*exceed/)]);
    expect((await read(draft.id)).body.version).toBe(1);
    await expectObjects(draft.id, 1);
    await remove(draft.id);
  });

  it("can be read during changes", async () => {
    const box = await connectMailbox(client);
    const { id } = await write({ body_html: `0${large}` }, client, box.id);
    const changes = (async () => {
      for (let n = 1; n < 8; n++) expect((await edit(id, { body_html: `${n}${large}` })).status).toBe(200);
    })();
    for (let n = 0; n < 8; n++) {
      const [one, list] = await Promise.all([read(id), client.call("GET", `/drafts/?account_id=${box.id}`)]);
      expect(one.body.body_html.slice(1)).toBe(large);
      expect(list.body.items[0].body_html.slice(1)).toBe(large);
    }
    await changes;
    await expectObjects(id, 1);
  });

  it("whose object is lost is shown as empty, and the list still works", async () => {
    const { id } = await write({ subject: "Lost", body_html: large });
    const { objects } = await env.ATTACHMENTS.list({ prefix: `drafts/${tenant.company}/${id}/` });
    await env.ATTACHMENTS.delete(objects.map(({ key }) => key));
    expect((await read(id)).body).toMatchObject({ subject: "", body_html: "", version: 1 });
    expect((await client.call("GET", "/drafts/?size=100")).status).toBe(200);
    await remove(id);
  });
});

describe("sending", () => {
  it("sends the mail once, returns it, and deletes the draft", async () => {
    const fields = { to, cc: [{ email: "c@out.example" }], subject: "Sent", body_html: "<p>Sent</p>" };
    const draft = await write({ ...fields, body_text: "x".repeat(100_000) });
    const before = await mailbox();
    const { status, body } = await send(draft.id, 1, colleague);
    expect([status, body.subject, body.to_addresses]).toEqual([200, "Sent", to]);
    expect(body).toMatchObject({ direction: "outbound", email_account_id: tenant.account.id });
    expect(await mailbox()).toHaveLength(before.length + 1);
    expect((await read(draft.id)).status).toBe(404);
    expect((await send(draft.id)).status).toBe(404);
    await expectObjects(draft.id, 0);
  });

  it("needs no body; one that is not JSON is 400", async () => {
    const { id } = await write({ to });
    expect(
      (await client.call("POST", `/drafts/${id}/send/`, "x", { "content-type": "text/plain" })).status,
    ).toBe(400);
    expect((await client.call("POST", `/drafts/${id}/send/`)).status).toBe(200);
  });

  it("with undo_seconds waits, and the outbox has the content", async () => {
    const { id } = await write({ to, subject: "Perhaps not", body_html: "<p>Hm</p>" });
    const { status, body } = await client.call("POST", `/drafts/${id}/send`, { undo_seconds: 60 });
    expect([status, body.state]).toEqual([202, "queued"]);
    expect((await read(id)).status).toBe(404);
    await client.call("POST", `/outbox/${body.id}/cancel`);
    const { body: entry } = await client.call("GET", `/outbox/${body.id}`);
    expect(entry.mail).toMatchObject({ subject: "Perhaps not", body_html: "<p>Hm</p>", files: [] });
  });

  it("a reply lands in the original's thread", async () => {
    const { id } = await write({ to, subject: "Re: it", reply_to_message_id: tenant.message.id });
    expect((await send(id)).body.thread_id).toBe(tenant.message.thread_id);
  });

  it("a reply is sent only to the thread version that it names: else 409 with the unseen mail", async () => {
    const answers = { to, reply_to_message_id: tenant.message.id };
    const { body: thread } = await client.call("GET", `/threads/${tenant.message.thread_id}`);
    const sendAt = (id: string, thread_version: unknown, by = client) =>
      by.call("POST", `/drafts/${id}/send`, { thread_version });
    const [mine, theirs] = [await write(answers), await write(answers)];
    const first = await sendAt(theirs.id, thread.version, colleague);
    expect(first.status).toBe(200);
    const refused = await sendAt(mine.id, thread.version);
    expect([refused.status, refused.body.messages.map(({ id }: { id: string }) => id)]).toEqual([
      409,
      [first.body.id],
    ]);
    expect((await read(mine.id)).body).toEqual(mine);
    expect((await sendAt(mine.id, "1")).status).toBe(400);
    expect((await sendAt(mine.id, refused.body.version)).status).toBe(200);
    // A mail that answers nothing has no thread that could have changed.
    expect((await sendAt((await write({ to })).id, 0)).status).toBe(200);
  });

  it("a queued reply holds its thread version until it is cancelled", async () => {
    const answers = { to, reply_to_message_id: tenant.message.id };
    const { body: thread } = await client.call("GET", `/threads/${tenant.message.thread_id}`);
    const sendAt = async (by: Client, more: object) =>
      by.call("POST", `/drafts/${(await write(answers)).id}/send`, {
        thread_version: thread.version,
        ...more,
      });
    const { body: entry } = await sendAt(colleague, { undo_seconds: 60 });
    const refused = await sendAt(client, {});
    expect([refused.status, refused.body.messages]).toEqual([409, []]);
    expect((await colleague.call("POST", `/outbox/${entry.id}/cancel`)).status).toBe(200);
    expect((await sendAt(client, {})).status).toBe(200);
  });

  it.each([1, undefined])("concurrently sends one mail (If-Match: %s)", async (version) => {
    const { id } = await write({ to, subject: "Once" });
    const before = await mailbox();
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, n) => send(id, version, n % 2 ? client : colleague)),
    );
    const [first, ...others] = statusesOf(answers);
    expect(first).toBe(200);
    // A request after the send finds no draft.
    for (const status of others) expect([404, 409]).toContain(status);
    expect(await mailbox()).toHaveLength(before.length + 1);
  });

  it("during a change sends what the draft said, and no change is lost silently", async () => {
    const { id } = await write({ to, subject: "Before" });
    const [sent, edited] = await Promise.all([send(id), edit(id, { subject: "After" }, 1)]);
    expect(sent?.status).toBe(200);
    expect(sent?.body.subject).toBe(edited?.status === 200 ? "After" : "Before");
  });

  it("that fails leaves the draft unchanged and sendable", async () => {
    const draft = await write({ to, subject: "Again" });
    const before = await mailbox();
    await breakRoute("send", "429");
    expect((await send(draft.id, 1)).status).toBe(502);
    await mendRoutes();
    expect((await read(draft.id)).body).toEqual(draft);
    expect((await send(draft.id, 1)).status).toBe(200);
    expect(await mailbox()).toHaveLength(before.length + 1);
  });

  it("from a disconnected mailbox keeps the draft", async () => {
    const gone = await connectMailbox(client);
    const draft = await write({ to }, client, gone.id);
    await client.call("DELETE", `/accounts/${gone.id}`);
    expect(await send(draft.id)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("connect it again") },
    });
    expect((await read(draft.id)).body).toEqual(draft);
  });

  it("with an unknown outcome deletes the draft, and the outbox sends the mail once", async () => {
    const { id } = await write({ to, subject: `Perhaps ${unique()}` });
    await breakRoute("send", "504");
    const { status, body } = await send(id);
    await mendRoutes();
    expect([status, body.state]).toEqual([502, "unknown"]);
    expect((await read(id)).status).toBe(404);
    await eventually(async () => {
      expect((await client.call("GET", `/outbox/${body.outbox_id}`)).body.state).toBe("sent");
    });
  });

  it("by a crashed Worker blocks sends and changes of the draft for ten minutes", async () => {
    const draft = await write({ to, subject: "Perhaps" });
    const claim = (seconds: number) =>
      db
        .prepare("UPDATE ems_drafts SET claim = 'a', claimed_until = unixepoch() + ? WHERE id = ?")
        .bind(seconds, draft.id)
        .run();
    await claim(10);
    for (const version of [undefined, 1]) {
      for (const refused of [
        await send(draft.id, version),
        await edit(draft.id, { subject: "x" }, version),
        await remove(draft.id, version),
      ]) {
        expect(refused.status).toBe(409);
        expect(refused.body).toMatchObject({ detail: expect.stringContaining("is being sent"), version: 1 });
      }
    }
    await claim(-1);
    await breakRoute("send", "429");
    expect((await send(draft.id, 1)).status).toBe(502);
    await mendRoutes();
    expect((await read(draft.id)).body).toEqual(draft);
    expect((await edit(draft.id, { subject: "Surely" }, 1)).body).toMatchObject({ version: 2 });
    expect(await send(draft.id, 2)).toMatchObject({ status: 200, body: { subject: "Surely" } });
  });
});

describe("a draft whose sender crashed", () => {
  /** The state after the crash: the draft is claimed, and its mail is in the outbox. */
  async function abandon(state: string, { version = 1, due = -1, messageId = "" } = {}) {
    const draft = await write({ to, subject: `Left ${unique()}` });
    const id = absent();
    const row = { key: absent(), digest: "x", subject: draft.subject, user: client.claims.user_id };
    await db.batch([
      db
        .prepare("UPDATE ems_drafts SET claim = 'dead', claimed_until = unixepoch() - 1 WHERE id = ?")
        .bind(draft.id),
      db
        .prepare(
          `INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, draft_id, draft_version,
          mail, mail_digest, subject, to_addresses, message_id, send_at, tried_at, attempts, due_at, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', ?, unixepoch(), unixepoch(), 1, unixepoch() + ?, unixepoch(), 0)`,
        )
        .bind(
          ...[id, tenant.company, tenant.account.id, row.user, state, row.key, draft.id, version],
          ...[await mailOf(draft), row.digest, row.subject, messageId || null, due],
        ),
    ]);
    return { draft, id };
  }

  const mailOf = async ({ subject, to: list }: DraftResponse) =>
    JSON.stringify({
      ...{ from: { name: null, email: tenant.account.email_address }, to: list, cc: [], bcc: [] },
      ...{ subject, html: "<p>Left</p>", text: null, files: [] },
    });

  const sentOf = async (subject: string) =>
    (await mailbox()).filter((mail) => mail.subject === subject).length;

  it("is not sent by a colleague while the first send may run", async () => {
    const { draft } = await abandon("sending", { due: 100 });
    const { status, body } = await send(draft.id, 1, colleague);
    expect([status, body.detail]).toEqual([409, "Another request is sending this mail now"]);
    expect(await sentOf(draft.subject)).toBe(0);
    // The claim was released, so a retry works.
    expect((await send(draft.id, 1, colleague)).body.detail).toBe("Another request is sending this mail now");
  });

  it.each(["sending", "unknown"])(
    "is sent once by a colleague, through its outbox entry in state %s",
    async (state) => {
      const { draft, id } = await abandon(state);
      const { status, body } = await send(draft.id, 1, colleague);
      expect([status, body.subject]).toEqual([200, draft.subject]);
      expect(await sentOf(draft.subject)).toBe(1);
      expect((await client.call("GET", `/outbox/${id}`)).body).toMatchObject({
        state: "sent",
        message_id: body.id,
      });
      expect((await read(draft.id)).status).toBe(404);
    },
  );

  it("reports an unknown outcome to a colleague, and stays with the outbox", async () => {
    const { draft, id } = await abandon("unknown");
    await breakRoute("send", "504");
    expect(await send(draft.id, 1, colleague)).toMatchObject({
      status: 502,
      body: { outbox_id: id, state: "unknown" },
    });
    await mendRoutes();
    expect((await read(draft.id)).status).toBe(404);
  });

  it.each(["failed", "cancelled"])("is sent again by a colleague when its entry is %s", async (state) => {
    const { draft, id } = await abandon(state);
    expect((await send(draft.id, 1, colleague)).status).toBe(200);
    expect(await sentOf(draft.subject)).toBe(1);
    expect((await client.call("GET", `/outbox/${id}`)).body.state).toBe(state);
  });

  it("that changed since is sent again only with `again`", async () => {
    for (const [state, known] of [
      ["sent", "was sent"],
      ["sending", "may have been sent"],
      ["unknown", "may have been sent"],
    ] as const) {
      const { draft, id } = await abandon(state, { due: 1000 });
      expect((await edit(draft.id, { body_html: "<p>Changed</p>" }, 1, colleague)).status).toBe(200);
      const refused = await send(draft.id, 2, colleague);
      expect(refused).toMatchObject({ status: 409, body: { outbox_id: id, state } });
      expect(refused.body.detail).toContain(known);
      expect(await sentOf(draft.subject)).toBe(0);
      expect((await read(draft.id)).body.version).toBe(2);
      const path = `/drafts/${draft.id}/send`;
      expect((await colleague.call("POST", path, { again: "yes" })).status).toBe(400);
      expect((await colleague.call("POST", path, { again: true })).status).toBe(200);
      expect(await sentOf(draft.subject)).toBe(1);
    }
  });
});

describe("any sequence of changes by two users", () => {
  const field = fc.record(
    {
      to: fc.constantFrom([], to),
      cc: fc.constantFrom(null, [], to),
      subject: fc.constantFrom("", "A", "B"),
      body_html: fc.constantFrom("", "<p>A</p>", "x".repeat(70_000), "y".repeat(70_000)),
      body_text: fc.constantFrom(null, "A", "B"),
      attachment_ids: fc.constantFrom(null, [], [absent()]),
    },
    { requiredKeys: [] },
  );
  const step = fc.record({
    byColleague: fc.boolean(),
    changes: field,
    /** How many versions behind this client is; null for a client without If-Match. */
    behind: fc.constantFrom(null, null, 0, 0, 0, 1, -1),
  });

  it("matches a plain model", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const draft = await write();
        const model: Record<string, unknown> = { ...draft };
        for (const { byColleague, changes, behind } of steps) {
          const by = byColleague ? colleague : client;
          const version = model.version as number;
          const { status, body } = await edit(
            draft.id,
            changes,
            behind === null ? undefined : version - behind,
            by,
          );
          const refused = behind !== null && behind !== 0;
          expect(status).toBe(refused ? 409 : 200);
          if (!refused) {
            const given = Object.entries(changes).map(([name, value]) => [
              name,
              value ?? (name === "body_text" ? null : []),
            ]);
            const next = { ...model, ...Object.fromEntries(given) };
            const isChanged = JSON.stringify(next) !== JSON.stringify(model);
            Object.assign(model, next);
            if (isChanged) Object.assign(model, { version: version + 1, updated_by: by.claims.user_id });
          }
          const { updated_at: _, ...expected } = model;
          expect(refused ? body.draft : body).toMatchObject(expected);
        }
        const { updated_at: _, ...expected } = model;
        expect((await read(draft.id, colleague)).body).toMatchObject(expected);
        await expectObjects(draft.id, JSON.stringify(model).length > 65_536 ? 1 : 0);
        await remove(draft.id);
        await expectObjects(draft.id, 0);
      }),
      { numRuns: 25 },
    );
  });
});
