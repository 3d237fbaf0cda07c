import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { deleteMessage } from "../../src/ems/ingest/deletion.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import type { ProviderMessage } from "../../src/ems/provider/port.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { receiveMail } from "../support/nylas.ts";

type Mailbox = Awaited<ReturnType<typeof connectMailbox>>;

const ctx = createContext(env, { waitUntil: () => {} });

let client: Client;
let colleague: Client;
let mailbox: Mailbox;

beforeAll(async () => {
  client = await createClient();
  colleague = await createClient({ companies: client.claims.companies });
  mailbox = await connectMailbox(client);
});

let clock = 1;

const FILES = ["a.txt", "b.txt"].map((filename) => ({
  ...{ filename, content_type: "text/plain", size_bytes: 5, content_id: null },
}));

/** A mail with two files, whose provider ids depend on the mail's id. */
const mailOf = (id: string, name: string, more: Partial<ProviderMessage> = {}): ProviderMessage => ({
  id,
  thread_id: `thread of ${name}`,
  internet_message_id: `<${name}@out.example>`,
  from: { name: null, email: "kim@out.example" },
  to: [{ name: null, email: mailbox.email_address }],
  subject: name,
  date: 1_900_000_000,
  body: "<p>Hello</p>",
  folders: ["INBOX"],
  attachments: FILES.map((file) => ({ ...file, id: `${file.filename} of ${id}` })),
  ...more,
});

const come = (message: ProviderMessage) =>
  applyMessage(ctx, mailbox, { message, observedAt: clock++, cause: `c${unique()}` });
const go = (id: string) => deleteMessage(ctx, mailbox, id, clock++);

/** Both users change the mail's state. @returns their view of it */
async function touch(id: string): Promise<object> {
  const path = (as: Client) => `/inbox/${entryIdOf(as.claims.user_id, id)}`;
  await client.call("PATCH", `${path(client)}/star`);
  await colleague.call("PATCH", `${path(colleague)}/archive`);
  return seen(id);
}

async function seen(id: string): Promise<object> {
  const see = async (as: Client) => (await as.call<MessageResponse>("GET", `/messages/${id}`)).body;
  const { thread_id, created_at, inbox } = await see(client);
  const { body: files } = await client.call("GET", `/attachments/message/${id}`);
  return {
    ...{ thread_id, created_at, inbox, theirs: (await see(colleague)).inbox },
    files: files.map(({ filename }: { filename: string }) => filename),
  };
}

const bySubject = async (subject: string): Promise<{ id: string; provider: string; folder: string }[]> => {
  const { results } = await db
    .prepare(
      "SELECT id, provider_message_id AS provider, folder FROM ems_messages WHERE account_id = ? AND subject = ?",
    )
    .bind(mailbox.id, subject)
    .all<{ id: string; provider: string; folder: string }>();
  return results;
};

/** A mail that the provider still has under its first id when the second arrives. */
const atProvider = async (): Promise<string> => {
  const to = [{ email: mailbox.email_address }];
  const [mail] = await receiveMail({ from: { email: "x@out.example" }, to, subject: "x", silent: true });
  return `${mail?.id}`;
};

describe("a mail moved to a new provider id keeps our id", () => {
  it("when the creation comes first, and the provider no longer has the old id", async () => {
    const name = `first ${unique()}`;
    const { id } = await come(mailOf(`${name} 1`, name));
    const before = await touch(`${id}`);
    const files = async () =>
      (await client.call("GET", `/attachments/message/${id}`)).body.map((file: { id: string }) => file.id);
    const [ids] = [await files()];
    await come(mailOf(`${name} 2`, name, { folders: ["TRASH"] }));
    await go(`${name} 1`);
    expect(await bySubject(name)).toEqual([{ id, provider: `${name} 2`, folder: "trash" }]);
    expect(await seen(`${id}`)).toEqual(before);
    expect(await files()).toEqual(ids);
  });

  it("when the provider lists both ids for a while", async () => {
    const name = `both ${unique()}`;
    const first = await atProvider();
    const { id } = await come(mailOf(first, name));
    const before = await touch(`${id}`);
    await come(mailOf(`${name} 2`, name, { folders: ["TRASH"] }));
    expect(await bySubject(name)).toHaveLength(2);
    await go(first);
    expect(await bySubject(name)).toEqual([{ id, provider: `${name} 2`, folder: "trash" }]);
    expect(await seen(`${id}`)).toEqual(before);
    await go(first);
    expect(await bySubject(name)).toHaveLength(1);
  });

  it("when the deletion comes first", async () => {
    const name = `gone ${unique()}`;
    const { id } = await come(mailOf(`${name} 1`, name));
    const before = await touch(`${id}`);
    await go(`${name} 1`);
    expect((await client.call("GET", `/messages/${id}`)).status).toBe(404);
    await come(mailOf(`${name} 2`, name, { folders: ["SPAM"] }));
    expect(await bySubject(name)).toEqual([{ id, provider: `${name} 2`, folder: "junk" }]);
    expect(await seen(`${id}`)).toEqual(before);
  });
});

describe("two mails stay two", () => {
  it.each([
    ["of another sender", { from: { name: null, email: "other@out.example" } }],
    ["of another text", { body: "<p>Other</p>" }],
    ["of another time", { date: 1_900_000_001 }],
    ["of fewer files", { attachments: [] }],
  ])("%s", async (_name, more) => {
    const name = `copy ${unique()}`;
    await come(mailOf(`${name} 1`, name));
    await come(mailOf(`${name} 2`, name, more));
    await go(`${name} 1`);
    expect(await bySubject(name)).toMatchObject([{ provider: `${name} 2` }]);
  });

  it("if the provider has both: a mail to oneself, or two with one Message-ID", async () => {
    const name = `copies ${unique()}`;
    const first = await atProvider();
    await come(mailOf(first, name));
    await come(mailOf(`${name} 2`, name));
    expect(await bySubject(name)).toHaveLength(2);
  });

  it("if they are in mailboxes of two companies", async () => {
    const name = `elsewhere ${unique()}`;
    const stranger = await createClient();
    const theirs = await connectMailbox(stranger);
    const message = mailOf(`${name} 1`, name);
    await applyMessage(ctx, theirs, { message, observedAt: 1, cause: `c${unique()}` });
    const { id } = await come(mailOf(`${name} 2`, name));
    await deleteMessage(ctx, theirs, `${name} 1`, 2);
    expect(await bySubject(name)).toMatchObject([{ id }]);
    expect((await stranger.call("GET", `/messages/${id}`)).status).toBe(404);
  });
});

it("a mail in junk is counted once after its thread was merged", async () => {
  const name = `joined ${unique()}`;
  // The older thread stays and takes the other's mail.
  await come(mailOf(`${name} 3`, `${name} 3`));
  await come(mailOf(`${name} 1`, `${name} 1`));
  const thread = { thread_id: `thread of ${name} 1` };
  const { id } = await come(mailOf(`${name} 2`, `${name} 2`, { ...thread, folders: ["SPAM"] }));
  await come(mailOf(`${name} 3`, `${name} 3`, thread));
  const { body } = await client.call("GET", `/messages/${id}`);
  const list = async (folder: string) =>
    (await client.call("GET", `/threads/?size=100&folder=${folder}`)).body.items.filter(
      (each: { id: string }) => each.id === body.thread_id,
    );
  expect(await list("junk")).toMatchObject([{ message_count: 1 }]);
  expect(await list("inbox")).toMatchObject([{ message_count: 2 }]);
});

it("any order and repetition of moves leaves one mail in one thread", async () => {
  const moves = fc.array(
    fc.record({ folder: fc.constantFrom("INBOX", "TRASH", "Archive"), goesFirst: fc.boolean() }),
    { minLength: 1, maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(moves, fc.boolean(), async (moves, isTwice) => {
      const name = `moves ${unique()}`;
      const twice = async (each: () => Promise<unknown>) => {
        await each();
        if (isTwice) await each();
      };
      const { id } = await come(mailOf(`${name} 0`, name));
      const answer = { references: [`<${name}@out.example>`], thread_id: `other ${name}`, attachments: [] };
      await come(mailOf(`answer to ${name}`, `re ${name}`, answer));
      const before = await touch(`${id}`);
      for (const [nth, { folder, goesFirst }] of moves.entries()) {
        const leave = () => go(`${name} ${nth}`);
        const arrive = () => come(mailOf(`${name} ${nth + 1}`, name, { folders: [folder] }));
        await twice(goesFirst ? leave : arrive);
        await twice(goesFirst ? arrive : leave);
      }
      expect(await bySubject(name)).toMatchObject([{ id, provider: `${name} ${moves.length}` }]);
      expect(await seen(`${id}`)).toEqual(before);
    }),
    { numRuns: 20 },
  );
});
