import { beforeAll, describe, expect, it } from "vitest";
import type { InboxItemResponse } from "../../src/ems/items/responses.ts";
import { type Client, createClient, unique } from "../support/client.ts";
import { eventually, receiveMail } from "../support/nylas.ts";
import { follow } from "../support/stream.ts";
import { createTenant, type Tenant } from "../support/tenant.ts";

let tenant: Tenant;
let client: Client;
let ids: string[];

const list = async (of: Client, query = ""): Promise<InboxItemResponse[]> =>
  (await of.call("GET", `/inbox/${query}`)).body.items;

beforeAll(async () => {
  tenant = await createTenant();
  client = tenant.client;
  for (let n = 0; n < 4; n++) {
    const to = [{ email: tenant.account.email_address }];
    await receiveMail({ from: { email: "c@out.example" }, to, subject: `Mail ${n}` });
  }
  await eventually(async () => expect(await list(client)).toHaveLength(5));
  ids = (await list(client)).map(({ id }) => id);
});

describe("starring", () => {
  const star = (body?: unknown, headers?: HeadersInit) =>
    client.call("PATCH", `/inbox/${tenant.item.id}/star`, body, headers);
  const isStarred = async () =>
    (await client.call("GET", `/messages/${tenant.message.id}`)).body.inbox.is_starred;

  it("is 400 for a value that is not a boolean", async () => {
    expect(await star({ is_starred: "yes" })).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/^is_starred: /) },
    });
  });

  it("without a body toggles the star, also with a JSON content type", async () => {
    for (const [body, headers] of [
      [undefined, {}],
      [undefined, { "content-type": "application/json" }],
      ["", {}],
      ["null", {}],
      [{}, {}],
    ] as const) {
      const before = await isStarred();
      expect((await star(body, headers)).body.is_starred).toBe(!before);
      expect(await isStarred()).toBe(!before);
    }
  });

  it("with a body sets the star, also on a retry; unstar removes it", async () => {
    for (const is_starred of [true, true, false, false, true]) {
      expect((await star({ is_starred })).body.is_starred).toBe(is_starred);
    }
    for (let n = 0; n < 2; n++) {
      const { body } = await client.call("PATCH", `/inbox/${tenant.item.id}/unstar`);
      expect(body.is_starred).toBe(false);
    }
  });
});

describe("several entries at once", () => {
  const change = (of: Client, list: unknown, changes: unknown) =>
    of.call("PATCH", "/inbox/", { ids: list, changes });

  it("is 400 without ids, with more than 100, without a change, and for malformed ids", async () => {
    const refusals: [unknown, unknown, RegExp][] = [
      [[], { is_read: true }, /^ids: at least one id/],
      [Array.from({ length: 101 }, () => crypto.randomUUID()), { is_read: true }, /^ids: at most 100 ids/],
      [ids, {}, /^changes: must name is_read, is_starred or is_archived/],
      [ids, { is_read: "true" }, /^changes.is_read: /],
      [["7"], { is_read: true }, /^ids.0: must be a UUID/],
    ];
    for (const [list, changes, detail] of refusals) {
      const { status, body } = await change(client, list, changes);
      expect({ status, detail: body.detail }).toEqual({ status: 400, detail: expect.stringMatching(detail) });
    }
  });

  it("reports ids of another user or company as not found, and does not change them", async () => {
    const stranger = await createTenant();
    const colleague = await createClient({ companies: client.claims.companies });
    const [first] = await list(colleague);
    const wanted = [stranger.item.id, first!.id, crypto.randomUUID()];
    const { status, body } = await change(client, wanted, { is_archived: true });
    expect({ status, body }).toEqual({ status: 200, body: { items: [], not_found: wanted } });
    expect(await list(stranger.client)).toEqual([stranger.item]);
    expect((await list(colleague))[0]).toEqual(first);
  });

  it("applies the same change to each entry once, in the order of the ids", async () => {
    const wanted = [ids[2]!, ids[0]!, ids[2]!.toUpperCase()];
    const changes = { is_read: true, is_starred: true };
    const { body } = await change(client, wanted, changes);
    expect(body.not_found).toEqual([]);
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual([ids[2], ids[0]]);
    for (const item of body.items) expect(item).toMatchObject({ ...changes, is_archived: false });
    const read = await list(client, "?is_read=true");
    expect(read.map(({ id }) => id).sort()).toEqual([ids[0], ids[2]].sort());
    const { body: counts } = await client.call("GET", "/inbox/unread-counts");
    expect(counts).toMatchObject([{ unread_count: 3 }]);
  });

  it("is idempotent", async () => {
    const changes = { is_archived: true };
    const first = await change(client, [ids[3]], changes);
    expect((await change(client, [ids[3]], changes)).body).toEqual(first.body);
    await change(client, [ids[3]], { is_archived: false });
  });

  it("sends the user's other streams an event for each entry", async () => {
    const stream = await follow(client.token);
    await change(client, ids, { is_read: true });
    await eventually(async () => {
      const told = stream.events.filter(({ event }) => event === "inbox.updated");
      expect(told).toHaveLength(5);
      expect(new Set(told.map(({ data }) => data.message_id)).size).toBe(5);
    });
    await stream.close();
  });
});

describe("the entry in a message", () => {
  it("is the reader's own in every response", async () => {
    const reader = await createClient({ companies: client.claims.companies, user_id: unique() });
    const of = (item: InboxItemResponse) => ({
      id: item.id,
      is_read: item.is_read,
      is_starred: item.is_starred,
      is_archived: false,
      read_at: item.read_at,
    });
    for (const user of [client, reader]) {
      const items = await list(user);
      const entries = new Map(items.map((item) => [item.message.id, of(item)]));
      const { body: page } = await user.call("GET", "/messages/");
      const [thread] = items.map(({ message }) => message.thread_id);
      const { body: detail } = await user.call("GET", `/threads/${thread}`);
      const { body: one } = await user.call("GET", `/messages/${items[1]!.message.id}`);
      for (const message of [...page.items, ...detail.messages, one]) {
        expect(message.inbox).toEqual(entries.get(message.id));
      }
    }
  });
});
