import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { type Client, connectMailbox, createClient } from "../support/client.ts";
import { db } from "../support/db.ts";
import { eventually, receiveMail } from "../support/nylas.ts";

let client: Client;
let account: AccountResponse;

const receive = (subject: string, fields: object = {}) =>
  receiveMail({
    from: { email: "c@out.example" },
    to: [{ email: account.email_address }],
    subject,
    ...fields,
  });

const list = async (query = ""): Promise<{ items: MessageResponse[]; total: number }> =>
  (await client.call("GET", `/messages/${query}`)).body;

beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
});

describe("messages", () => {
  it("of the same second have a stable order over all pages", async () => {
    const date = Date.UTC(2026, 0, 1);
    for (let n = 0; n < 7; n++) await receive(`same ${n}`, { date });
    await eventually(async () => expect((await list()).total).toBe(7));
    const whole = (await list("?size=100")).items.map(({ id }) => id);
    const pages = await Promise.all([1, 2, 3, 4].map((page) => list(`?size=2&page=${page}`)));
    expect(pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(whole);
    expect(whole).toEqual(whole.toSorted().reverse());
  });

  it("are complete at any size: in a list, alone, and many at once", async () => {
    const html = (n: number) => `<p>${String(n).repeat(3_000_000)}</p>`;
    for (let n = 0; n < 8; n++) await receive(`large ${n}`, { html: html(n), silent: n > 0 });
    // The provider truncates notifications at 1 MB; the Worker then fetches the whole mail.
    const { body: again } = await client.call("PATCH", `/accounts/${account.id}`, { status: "syncing" });
    expect(again.status).toBe("syncing");
    await eventually(async () => expect((await list("?size=1")).total).toBe(15));
    const { items } = await list("?size=15");
    const large = items.filter(({ subject }) => subject.startsWith("large"));
    expect(large).toHaveLength(8);
    for (const message of large) {
      const n = Number(message.subject.slice(-1));
      expect(message.body_html === html(n), message.subject).toBe(true);
      expect(message.snippet?.length).toBeLessThanOrEqual(200);
    }
    const { body } = await client.call("GET", `/messages/${large[0]?.id}`);
    expect(body).toEqual(large[0]);
    const { results } = await db.prepare("SELECT 1 FROM ems_messages WHERE length(body_html) > 65536").all();
    expect(results).toEqual([]);
  });

  it("have the known names and addresses of people, and null for unknown ones", async () => {
    // In an hour, so it sorts first.
    const date = (Math.floor(Date.now() / 1000) + 3600) * 1000;
    await receive("", {
      from: { email: "Иван@пример.example", name: "Иван «О'Нил» 😀" },
      to: [{ email: account.email_address, name: "Yo‘lchi" }, { email: "other@out.example" }],
      cc: [{ email: "cc@out.example" }],
      text: "Salom\n\nDunyo",
      date,
    });
    const message = await eventually(async () => {
      const [first] = (await list()).items;
      expect(first?.sent_at).toBe(new Date(date).toISOString().replace(".000Z", "Z"));
      return first;
    });
    expect(message).toMatchObject({
      subject: "",
      from_name: "Иван «О'Нил» 😀",
      to_addresses: [{ name: "Yo‘lchi", email: account.email_address }, { email: "other@out.example" }],
      cc_addresses: [{ email: "cc@out.example" }],
      bcc_addresses: null,
      body_html: null,
      body_text: "Salom\n\nDunyo",
      snippet: "Salom Dunyo",
      has_attachments: false,
      attachments: [],
    });
  });
});

it("a request to upgrade to a WebSocket gets the same answer as any other, never a stream", async () => {
  const headers = { authorization: `Bearer ${client.token}`, upgrade: "websocket" };
  const response = await exports.default.fetch("https://xabar.test/messages/?user=1", { headers });
  expect(response.webSocket).toBeNull();
  expect(response.status).toBe(400);
  expect((await exports.default.fetch("https://xabar.test/messages/", { headers })).status).toBe(200);
});
