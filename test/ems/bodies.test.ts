import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { AT_ONCE, type Body, INLINE_BYTES, storeBody } from "../../src/ems/ingest/bodies.ts";
import { messagesByIds } from "../../src/ems/messages/query.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import type { ProviderMessage } from "../../src/ems/provider/port.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { type Client, createClient, unique } from "../support/client.ts";
import { contextOf, userContextOf } from "../support/context.ts";
import { db } from "../support/db.ts";
import { cron, keysUnder, setClock } from "../support/lifetime.ts";
import { eventually, receiveMail } from "../support/nylas.ts";
import { createTenant, type Tenant } from "../support/tenant.ts";

const LARGE = 64 * 1024;

/** Calls of R2, in order, and the most that ran at once. */
interface Calls {
  made: string[];
  running: number;
  most: number;
}

/** A user's context that counts the calls of R2. @param fail decides by key whether a call of `get` fails */
function observed(user: { user_id: number; companies: number[] }, fail = (_: string): boolean => false) {
  const calls: Calls = { made: [], running: 0, most: 0 };
  const note = async <T>(call: string, run: () => Promise<T>): Promise<T> => {
    calls.made.push(call);
    calls.most = Math.max(calls.most, ++calls.running);
    return run().finally(() => calls.running--);
  };
  const ATTACHMENTS = {
    put: (key: string, value: ArrayBuffer, options: R2PutOptions) =>
      note(`put ${key}`, () => env.ATTACHMENTS.put(key, value, options)),
    get: (key: string) =>
      note(`get ${key}`, () =>
        fail(key) ? Promise.reject(new Error("R2 is down")) : env.ATTACHMENTS.get(key),
      ),
  };
  return { ctx: userContextOf(user, { ...env, ATTACHMENTS } as unknown as Env), calls };
}

const html = (bytes: number): string => `<p>${"a".repeat(bytes - 7)}</p>`;

/** Stores the bodies in the messages of a new account. @returns the account, and the ids in the order of the bodies */
async function withBodies(bodies: Body[]): Promise<{ account: BulkAccount; ids: string[] }> {
  const account = await createBulkAccount(bodies.length);
  const { results } = await db
    .prepare("SELECT id FROM ems_messages WHERE account_id = ? ORDER BY id")
    .bind(account.id)
    .all<{ id: string }>();
  const ids = results.map(({ id }) => id);
  const ctx = contextOf([account.company_id]);
  for (const [nth, body] of bodies.entries()) {
    const { body_html, body_text, body_key } = await storeBody(ctx, account.company_id, body);
    await setBody(ids[nth] ?? "", body_html, body_text, body_key);
  }
  return { account, ids };
}

const setBody = (id: string, ...body: (string | null)[]) =>
  db
    .prepare("UPDATE ems_messages SET body_html = ?2, body_text = ?3, body_key = ?4 WHERE id = ?1")
    .bind(id, ...body)
    .run();

const keyOf = async (id: string | undefined): Promise<string> =>
  (await db.prepare("SELECT body_key FROM ems_messages WHERE id = ?").bind(id).first("body_key")) ?? "";

async function readAll(messages: AsyncIterable<MessageResponse>): Promise<Body[]> {
  const read: Body[] = [];
  for await (const { body_html, body_text } of messages) read.push({ body_html, body_text });
  return read;
}

describe("a body in R2", () => {
  let tenant: Tenant;
  let client: Client;
  const body = `<p>${"Salom, дунё. ".repeat(400)}</p>`;
  let message: MessageResponse;

  beforeAll(async () => {
    tenant = await createTenant();
    client = tenant.client;
    const to = [{ email: tenant.account.email_address }];
    await receiveMail({ from: { email: "c@out.example" }, to, subject: "In R2", html: body });
    message = await eventually(async () => {
      const { body: list } = await client.call("GET", "/messages/");
      const found = list.items.find(({ subject }: MessageResponse) => subject === "In R2");
      expect(found).toBeTruthy();
      return found;
    });
  });

  it("of another company is 404", async () => {
    const stranger = await createClient();
    for (const path of ["", "/html", "/compose?as=reply"]) {
      expect((await stranger.call("GET", `/messages/${message.id}${path}`)).status).toBe(404);
    }
    expect((await stranger.call("GET", `/threads/${message.thread_id}`)).status).toBe(404);
    const { ctx, calls } = observed({ user_id: unique(), companies: [unique()] });
    expect(await readAll(messagesByIds(ctx, [message.id]))).toEqual([]);
    expect(calls.made).toEqual([]);
  });

  it("is compressed, and its row has no body", async () => {
    const row = await db
      .prepare("SELECT body_html, body_text, body_key FROM ems_messages WHERE id = ?")
      .bind(message.id)
      .first();
    const key = await keyOf(message.id);
    expect(row).toEqual({ body_html: null, body_text: null, body_key: key });
    expect(key.startsWith(`bodies/${tenant.company}/`)).toBe(true);
    const object = await env.ATTACHMENTS.head(key);
    expect(object?.httpMetadata?.contentEncoding).toBe("gzip");
    expect(object?.size).toBeLessThan(body.length / 4);
  });

  it("is whole for every reader: list, thread, message, document and quote", async () => {
    expect(message.body_html).toBe(body);
    const path = `/messages/${message.id}`;
    expect((await client.call("GET", path)).body).toEqual(message);
    expect((await client.call("GET", `/threads/${message.thread_id}`)).body.messages).toEqual([message]);
    expect((await client.call("GET", `${path}/html`)).body).toContain("Salom, дунё. Salom");
    for (const as of ["reply", "forward"]) {
      const { body: prefilled } = await client.call("GET", `${path}/compose?as=${as}`);
      expect(prefilled.quoted_html.split("Salom, дунё.")).toHaveLength(401);
      expect(prefilled.quoted_text.split("Salom, дунё.")).toHaveLength(401);
    }
  });

  it("that an earlier version stored uncompressed is read", async () => {
    const key = `bodies/${tenant.company}/${crypto.randomUUID()}/${crypto.randomUUID()}.json`;
    const options = { httpMetadata: { contentType: "application/json" } };
    const old = { body_html: `<p>${"б".repeat(LARGE)}</p>`, body_text: "text" };
    await env.ATTACHMENTS.put(key, JSON.stringify(old), options);
    await setBody(tenant.message.id, null, null, key);
    expect((await client.call("GET", `/messages/${tenant.message.id}`)).body).toMatchObject(old);
  });

  it("that is lost is empty, and an error in the log; other messages of the page are whole", async () => {
    await setBody(tenant.message.id, null, null, `bodies/${tenant.company}/lost`);
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const { body: list } = await client.call("GET", "/messages/");
    expect(list.items.map(({ body_html }: MessageResponse) => body_html).toSorted()).toEqual([body, null]);
    expect(logged.mock.calls.join()).toContain("body.missing");
    vi.restoreAllMocks();
  });

  it("that cannot be read is an error, not an empty body; one failure is made good", async () => {
    const user = { user_id: unique(), companies: [tenant.company] };
    const down = observed(user, () => true);
    await expect(readAll(messagesByIds(down.ctx, [message.id]))).rejects.toThrow("R2 is down");
    let failures = 1;
    const shaky = observed(user, () => failures-- > 0);
    expect(await readAll(messagesByIds(shaky.ctx, [message.id]))).toEqual([
      { body_html: body, body_text: null },
    ]);
    expect(shaky.calls.made).toHaveLength(2);
  });

  it("that cannot be read is 500, for a message and for a list", async () => {
    for (const level of ["log", "error"] as const) vi.spyOn(console, level).mockReturnValue();
    await env.ATTACHMENTS.put(`bodies/${tenant.company}/broken`, "no JSON");
    await setBody(tenant.message.id, null, null, `bodies/${tenant.company}/broken`);
    for (const path of [`/messages/${tenant.message.id}`, "/messages/"]) {
      expect(await client.call("GET", path)).toMatchObject({
        ...{ status: 500, body: { detail: "Internal server error" } },
      });
    }
    vi.restoreAllMocks();
  });
});

describe("the inline limit", () => {
  it.each([
    ["HTML", (size: number) => ({ body_html: html(size), body_text: null })],
    ["text of two bytes a letter", (size: number) => ({ body_html: null, body_text: "ў".repeat(size / 2) })],
    ["both", (size: number) => ({ body_html: html(size / 2), body_text: "a".repeat(size / 2) })],
  ])("counts the bytes of %s", async (_, bodyOf) => {
    const { ids } = await withBodies([bodyOf(INLINE_BYTES), bodyOf(INLINE_BYTES + 2)]);
    expect([await keyOf(ids[0]), (await keyOf(ids[1])).split("/")[0]]).toEqual(["", "bodies"]);
  });
});

describe("a message that comes again", () => {
  const mail = (fields: Partial<ProviderMessage> = {}): ProviderMessage => ({
    id: "mail",
    ...{ thread_id: "t", subject: "Subject", from: { email: "c@out.example", name: null }, to: [] },
    ...{ date: 1_800_000_000, body: html(5000), attachments: [], folders: ["INBOX"], ...fields },
  });

  it.each([
    ["the same", mail(), "unchanged"],
    ["in another folder", mail({ folders: ["TRASH"] }), "updated"],
    ["with another subject and no body", { id: "mail", subject: "New" }, "updated"],
  ])("%s puts nothing into R2", async (_, update, outcome) => {
    const account = await createBulkAccount(1);
    const { ctx, calls } = observed({ user_id: unique(), companies: [account.company_id] });
    const first = await applyMessage(ctx, account, { message: mail(), observedAt: 1, cause: "first" });
    expect(calls.made.map((call) => call.split(" ")[0])).toEqual(["put"]);
    const key = await keyOf(first.id ?? "");
    calls.made = [];
    const again = await applyMessage(ctx, account, { message: update, observedAt: 2, cause: "second" });
    expect([again.outcome, again.id, calls.made]).toEqual([outcome, first.id, []]);
    expect(await keyOf(first.id ?? "")).toBe(key);
  });

  it("with a shorter body takes it into the row, with a longer one again to R2; old objects go", async () => {
    const account = await createBulkAccount(1);
    const ctx = contextOf([account.company_id]);
    const seen: (string | null)[] = [];
    for (const [nth, size] of [5000, 100, 6000, 7000].entries()) {
      const message = mail({ body: html(size) });
      const { id } = await applyMessage(ctx, account, { message, observedAt: nth, cause: `${nth}` });
      const { ctx: reader } = observed({ user_id: unique(), companies: [account.company_id] });
      const [read] = await readAll(messagesByIds(reader, [id ?? ""]));
      expect(read?.body_html).toBe(html(size));
      seen.push(await keyOf(id ?? ""));
    }
    expect(seen.map((key) => key !== "")).toEqual([true, false, true, true]);
    setClock(2);
    await cron();
    vi.useRealTimers();
    expect(await keysUnder(`bodies/${account.company_id}/`)).toEqual([seen[3]]);
  });

  it("several times at once leaves one object", async () => {
    const account = await createBulkAccount(1);
    const ctx = contextOf([account.company_id]);
    const results = await Promise.all(
      [1, 2, 3, 4].map((nth) =>
        applyMessage(ctx, account, { message: mail(), observedAt: nth, cause: `${nth}` }),
      ),
    );
    const [id] = new Set(results.map((result) => result.id ?? ""));
    expect(results.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    setClock(25);
    await cron();
    vi.useRealTimers();
    expect(await keysUnder(`bodies/${account.company_id}/`)).toEqual([await keyOf(id)]);
  });
});

describe("a page", () => {
  it("loads six bodies at a time", async () => {
    const bodies = Array.from({ length: 25 }, (_, nth) => ({ body_html: html(3000 + nth), body_text: null }));
    const { account, ids } = await withBodies(bodies);
    const { ctx, calls } = observed({ user_id: unique(), companies: [account.company_id] });
    expect(await readAll(messagesByIds(ctx, ids))).toEqual(bodies);
    expect([calls.most, calls.made.length]).toEqual([AT_ONCE, 25]);
  });

  it("keeps no body over 64 KB in memory before its turn", async () => {
    const sizes = [3000, LARGE, LARGE + 1, 3001, LARGE + 2];
    const { account, ids } = await withBodies(
      sizes.map((size) => ({ body_html: html(size), body_text: null })),
    );
    const { ctx, calls } = observed({ user_id: unique(), companies: [account.company_id] });
    const keys = await Promise.all(ids.map(keyOf));
    const readings = () => keys.map((key) => calls.made.filter((call) => call === `get ${key}`).length);
    const messages = messagesByIds(ctx, ids);
    // A first call reads the size of a large body, a second one the body.
    for (const expected of [
      [1, 1, 1, 1, 1],
      [1, 2, 1, 1, 1],
      [1, 2, 2, 1, 1],
      [1, 2, 2, 1, 1],
      [1, 2, 2, 1, 2],
    ]) {
      const { value } = await messages.next();
      await vi.waitFor(() => expect(calls.running).toBe(0));
      expect([value?.body_html, readings()]).toEqual([
        html(sizes[ids.indexOf(value?.id ?? "")] ?? 0),
        expected,
      ]);
    }
  });

  it("that its reader leaves causes no further call and no unhandled rejection", async () => {
    const { account, ids } = await withBodies(
      Array.from({ length: 25 }, () => ({ body_html: html(3000), body_text: null })),
    );
    let gets = 0;
    const { ctx, calls } = observed({ user_id: unique(), companies: [account.company_id] }, () => gets++ > 0);
    for await (const message of messagesByIds(ctx, ids)) {
      expect(message.body_html).toBe(html(3000));
      break;
    }
    await vi.waitFor(() => expect(calls.running).toBe(0));
  });

  it("has every body in its place, wherever they are stored", async () => {
    const size = fc.oneof(
      fc.constant(0),
      fc.integer({ min: 8, max: 2100 }),
      fc.integer({ min: 3000, max: 5000 }),
      fc.integer({ min: LARGE - 100, max: LARGE + 100 }),
    );
    const property = fc.asyncProperty(
      fc.array(size, { minLength: 1, maxLength: 40 }),
      fc.boolean(),
      async (sizes, largeBodies) => {
        const bodies = sizes.map((bytes) => ({ body_html: bytes ? html(bytes) : null, body_text: null }));
        const { account, ids } = await withBodies(bodies);
        const { ctx } = observed({ user_id: unique(), companies: [account.company_id] });
        const read = await readAll(messagesByIds(ctx, ids, { largeBodies }));
        const wanted = bodies.map((body, nth) => {
          const json = JSON.stringify(body).length;
          return largeBodies || (sizes[nth] ?? 0) <= INLINE_BYTES || json <= LARGE
            ? body
            : { ...body, body_html: null };
        });
        expect(read).toEqual(wanted);
      },
    );
    await fc.assert(property, { numRuns: 12 });
  });
});
