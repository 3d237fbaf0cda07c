import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { type Client, connectMailbox, createClient } from "../support/client.ts";
import { eventually, receiveMail, type SimMessage } from "../support/nylas.ts";
import { openStream } from "../support/stream.ts";

const AT = Date.UTC(2026, 3, 1, 9);
const HOUR = 3_600_000;

let client: Client;
let account: AccountResponse;

const receive = async (subject: string, date: number, inReplyTo?: string): Promise<string> => {
  const to = [{ email: account.email_address }];
  const answers = inReplyTo ? { inReplyTo } : {};
  const [stored] = await receiveMail({ from: { email: "c@out.example" }, to, subject, date, ...answers });
  return messageIdOf(stored);
};

const messageIdOf = (stored: SimMessage | undefined): string =>
  stored?.headers.find(({ name }) => name === "Message-ID")?.value ?? "";

beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
  const question = await receive("Question about pricing", AT);
  await receive("Something else", AT + HOUR);
  await receive("Re: Question about pricing", AT + 2 * HOUR, question);
  await eventually(async () => expect((await client.call("GET", "/messages/")).body.total).toBe(3));
});

const list = async (query = "") => (await client.call("GET", `/threads/${query}`)).body;

describe("threads", () => {
  it("group replies with their originals, most recently active first", async () => {
    const { items, total } = await list();
    expect(total).toBe(2);
    expect(items).toEqual([
      {
        id: expect.any(String),
        email_account_id: account.id,
        subject: "Question about pricing",
        last_message_at: "2026-04-01T11:00:00Z",
        message_count: 2,
        do_not_delete: false,
        created_at: expect.any(String),
        version: 2,
      },
      expect.objectContaining({ subject: "Something else", message_count: 1 }),
    ]);
    expect((await list("?size=1&page=2")).items[0].subject).toBe("Something else");
    expect((await list(`?account_id=${account.id}`)).total).toBe(2);
  });

  it("have their complete messages, oldest first", async () => {
    const [summary] = (await list()).items;
    const { body } = await client.call("GET", `/threads/${summary.id}`);
    const { messages, ...rest } = body;
    expect(rest).toEqual(summary);
    expect(messages.map(({ subject }: MessageResponse) => subject)).toEqual([
      "Question about pricing",
      "Re: Question about pricing",
    ]);
    for (const message of messages) {
      expect((await client.call("GET", `/messages/${message.id}`)).body).toEqual(message);
    }
  });

  it("can be protected and released, with one event per change", async () => {
    const [{ id }] = (await list()).items;
    const stream = await openStream(client.token);
    await stream.next();
    for (const do_not_delete of [true, true, false]) {
      const { body } = await client.call("PATCH", `/threads/${id}`, { do_not_delete });
      expect(body.do_not_delete).toBe(do_not_delete);
      expect(body.messages).toHaveLength(2);
    }
    expect((await client.call("PATCH", `/threads/${id}/`, {})).body.do_not_delete).toBe(false);
    const event = { event: "thread.updated", data: { thread_id: id, message_id: null } };
    expect(await stream.next()).toMatchObject(event);
    expect(await stream.next()).toMatchObject(event);
    await receive("Marker", AT - HOUR);
    await eventually(async () => expect((await list()).total).toBe(3));
    expect(await stream.next()).toMatchObject({ event: "message.created" });
    await stream.close();
  });
});
