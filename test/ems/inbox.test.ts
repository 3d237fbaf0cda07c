import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import type { InboxItemResponse } from "../../src/ems/items/responses.ts";
import { type Client, connectMailbox, createClient } from "../support/client.ts";
import { eventually, receiveMail } from "../support/nylas.ts";

const MINUTE = 60_000;

let client: Client;
let colleague: Client;
let account: AccountResponse;

const inbox = async (of: Client, query = ""): Promise<{ items: InboxItemResponse[]; total: number }> =>
  (await of.call("GET", `/inbox/${query}`)).body;

const subjects = async (of: Client, query = "") =>
  (await inbox(of, query)).items.map(({ message }) => message.subject);

const entry = async (of: Client, subject: string): Promise<InboxItemResponse> => {
  const found = (await inbox(of, "?size=100")).items.find(({ message }) => message.subject === subject);
  if (!found) throw new Error(`${subject} is not in the inbox`);
  return found;
};

const unread = async (of: Client): Promise<number> =>
  (await of.call("GET", "/inbox/unread-counts")).body[0].unread_count;

beforeAll(async () => {
  client = await createClient();
  colleague = await createClient({ companies: client.claims.companies });
  account = await connectMailbox(client);
  for (const [n, subject] of ["one", "two", "three", "four", "five"].entries()) {
    const date = Date.UTC(2026, 5, 1) + n * MINUTE;
    await receiveMail({
      from: { email: "c@out.example" },
      to: [{ email: account.email_address }],
      subject,
      date,
    });
  }
  await eventually(async () => expect((await inbox(client)).total).toBe(5));
});

describe("the inbox", () => {
  it("another user's entry id is 404, even in the same company", async () => {
    const { id } = await entry(client, "one");
    for (const change of ["read", "unread", "star", "archive", "unarchive"]) {
      const answer = await colleague.call("PATCH", `/inbox/${id}/${change}`, {});
      expect(answer).toMatchObject({ status: 404, body: { detail: "Inbox entry not found" } });
    }
  });

  it("is newest first, and has every message for every colleague, also for one who joins later", async () => {
    const newcomer = await createClient({ companies: client.claims.companies });
    for (const user of [client, colleague, newcomer]) {
      expect(await subjects(user)).toEqual(["five", "four", "three", "two", "one"]);
      expect(await unread(user)).toBe(5);
    }
  });

  it("reading changes only the reader's state and counts", async () => {
    const { id, message } = await entry(client, "two");
    const { body } = await client.call("PATCH", `/inbox/${id}/read`, {});
    expect(body).toMatchObject({
      id,
      user_id: client.claims.user_id,
      message_id: message.id,
      email_account_id: account.id,
      is_read: true,
      read_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    await client.call("PATCH", `/inbox/${id}/read`, {});
    expect(await unread(client)).toBe(4);
    expect(await unread(colleague)).toBe(5);
    expect(await subjects(client, "?is_read=false")).toEqual(["five", "four", "three", "one"]);
    expect(await subjects(client, "?is_read=true")).toEqual(["two"]);
    expect((await inbox(client, "?is_read=false")).total).toBe(4);
    expect((await inbox(client, "?is_read=true")).total).toBe(1);
  });

  it("marking as unread restores the initial state", async () => {
    const { id } = await entry(client, "two");
    const { body } = await client.call("PATCH", `/inbox/${id}/unread`, {});
    expect(body).toMatchObject({ is_read: false, read_at: null });
    expect(await unread(client)).toBe(5);
    expect(await subjects(client, "?is_read=true")).toEqual([]);
  });

  it("the star is toggled", async () => {
    const { id } = await entry(client, "three");
    expect((await client.call("PATCH", `/inbox/${id}/star`, {})).body.is_starred).toBe(true);
    expect((await entry(client, "three")).is_starred).toBe(true);
    expect((await entry(colleague, "three")).is_starred).toBe(false);
    expect((await client.call("PATCH", `/inbox/${id}/star`, {})).body.is_starred).toBe(false);
  });

  it("an archived message is in no list and no count until it is unarchived", async () => {
    const { id } = await entry(client, "four");
    expect((await client.call("PATCH", `/inbox/${id}/archive`, {})).body.is_archived).toBe(true);
    expect(await subjects(client)).toEqual(["five", "three", "two", "one"]);
    expect((await inbox(client)).total).toBe(4);
    expect(await unread(client)).toBe(4);
    await client.call("PATCH", `/inbox/${id}/read`, {});
    expect(await subjects(client, "?is_read=true")).toEqual([]);
    expect((await client.call("PATCH", `/inbox/${id}/unarchive`, {})).body.is_archived).toBe(false);
    expect(await subjects(client, "?is_read=true")).toEqual(["four"]);
    await client.call("PATCH", `/inbox/${id}/unread`, {});
    expect(await unread(client)).toBe(5);
  });

  it("pages are stable, and a page past the end is empty with the right total", async () => {
    const pages = [1, 2, 3].map((page) => subjects(client, `?size=2&page=${page}`));
    expect((await Promise.all(pages)).flat()).toEqual(["five", "four", "three", "two", "one"]);
    expect(await inbox(client, "?size=2&page=4")).toMatchObject({ items: [], total: 5, page: 4, size: 2 });
  });

  it("reading a thread marks all its messages, for the reader only", async () => {
    const { message } = await entry(client, "one");
    const path = `/inbox/threads/${message.thread_id}/read`;
    expect((await client.call("PATCH", path, {})).body).toEqual({ updated: 1 });
    expect((await client.call("PATCH", path, {})).body).toEqual({ updated: 0 });
    expect(await unread(client)).toBe(4);
    expect(await unread(colleague)).toBe(5);
  });

  it("a change needs no body and no content type", async () => {
    const { id } = await entry(client, "one");
    expect((await client.call("PATCH", `/inbox/${id}/unread`)).status).toBe(200);
  });
});

it("several companies form one ordered list, with counts per account", async () => {
  const both = await createClient({ companies: [] });
  const other = await createClient();
  const second = await connectMailbox(other);
  const date = Date.UTC(2026, 5, 1) + 2.5 * MINUTE;
  const to = [{ email: second.email_address }];
  await receiveMail({ from: { email: "c@out.example" }, to, subject: "between", date });
  await eventually(async () => expect((await inbox(other)).total).toBe(1));
  const companies = [...client.claims.companies, ...other.claims.companies];
  const user = await createClient({ user_id: both.claims.user_id, companies });
  expect(await subjects(user)).toEqual(["five", "four", "between", "three", "two", "one"]);
  expect(await subjects(user, "?size=2&page=2")).toEqual(["between", "three"]);
  expect(await subjects(user, `?account_id=${second.id}`)).toEqual(["between"]);
  expect((await inbox(user, `?account_id=${account.id}`)).total).toBe(5);
  const counts = (await user.call("GET", "/inbox/unread-counts")).body;
  expect(
    new Map(counts.map((count: Record<string, unknown>) => [count.account_id, count.unread_count])),
  ).toEqual(
    new Map([
      [account.id, 5],
      [second.id, 1],
    ]),
  );
});
