import { beforeAll, describe, expect, it } from "vitest";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import { caseObjects, postNotification } from "../support/cases.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { control, createFolder, eventually } from "../support/nylas.ts";

type Mailbox = Awaited<ReturnType<typeof connectMailbox>>;

let client: Client;
let mailbox: Mailbox;

beforeAll(async () => {
  client = await createClient();
  mailbox = await connectMailbox(client);
});

const now = () => Math.floor(Date.now() / 1000);

/** A complete mail for a notification. */
const mail = (to: Mailbox, id: string, more: object = {}) => ({
  id,
  grant_id: to.grant_id,
  thread_id: `thread of ${id}`,
  subject: id,
  from: [{ email: "kim@example.org" }],
  to: [{ email: to.email_address }],
  cc: [],
  bcc: [],
  date: now() - 100,
  body: "<p>x</p>",
  attachments: [],
  headers: [{ name: "Message-ID", value: `<${id}@example.org>` }],
  ...more,
});

/**
 * Posts a notification, and waits until it is applied.
 * @returns the message; undefined for one that is not stored
 */
async function tell(
  type: string,
  object: { id: string; grant_id: string },
  time?: number,
): Promise<MessageResponse | undefined> {
  const applied = async () => {
    const { results } = await db
      .prepare("SELECT state FROM ems_deliveries WHERE grant_id = ?")
      .bind(object.grant_id)
      .all<{ state: string }>();
    return results.filter(({ state }) => state === "applied").length;
  };
  const before = await applied();
  expect(await postNotification(type, object, time)).toBe(200);
  await eventually(async () => expect(await applied()).toBe(before + 1));
  const id = await db
    .prepare(
      `SELECT m.id FROM ems_messages m JOIN ems_accounts a ON a.id = m.account_id
     WHERE a.grant_id = ? AND m.provider_message_id = ?`,
    )
    .bind(object.grant_id, object.id)
    .first<string>("id");
  return id ? (await client.call<MessageResponse>("GET", `/messages/${id}`)).body : undefined;
}

const created = (object: { id: string; grant_id: string }) => tell("message.created", object);

/** The subjects of a list, as the API returns it. */
async function subjects(path: string, as: Client = client): Promise<string[]> {
  const { status, body } = await as.call("GET", path);
  expect(status, path).toBe(200);
  expect(body.total, path).toBe(body.items.length);
  return body.items.map((item: { subject?: string; message?: { subject: string } }) =>
    item.message ? item.message.subject : item.subject,
  );
}

const unread = async (as: Client, account: Mailbox): Promise<number> => {
  const { body } = await as.call("GET", "/inbox/unread-counts");
  return body.find(({ account_id }: { account_id: string }) => account_id === account.id).unread_count;
};

describe("the folder filter", () => {
  it.each(["/inbox", "/messages", "/threads"])("is 400 in %s for an unknown folder", async (path) => {
    const { status, body } = await client.call("GET", `${path}?folder=spam`);
    expect(status).toBe(400);
    expect(body.detail).toContain("must be one of inbox, sent, drafts, junk, trash, archive, all");
  });

  it("of a foreign account is empty", async () => {
    const stranger = await createClient();
    await created(mail(mailbox, `foreign ${unique()}`, { folders: ["SPAM"] }));
    for (const path of ["/inbox", "/messages", "/threads"]) {
      for (const scope of ["", `&account_id=${mailbox.id}`]) {
        expect(await subjects(`${path}?folder=junk${scope}`, stranger)).toEqual([]);
        expect(await subjects(`${path}?folder=all${scope}`, stranger)).toEqual([]);
      }
    }
  });
});

describe("a recorded mail", () => {
  it.each([
    ["folder-to-be-sent.json", "inbound", "inbox"],
    ["folder-sent-invoices.json", "inbound", "archive"],
    ["folder-ru.json", "outbound", "sent"],
    ["folder-de.json", "outbound", "sent"],
    ["folder-graph-id.json", "outbound", "sent"],
    ["folder-spam-forged-own.json", "inbound", "junk"],
    ["folder-spam.json", "inbound", "junk"],
  ])("%s is %s, in %s", async (name, direction, folder) => {
    const own = await connectMailbox(client);
    await createFolder(own.grant_id, {
      id: "AAMkAGI2SENTITEMSID=",
      name: "Verschickt",
      attributes: ["\\Sent"],
    });
    const [object] = caseObjects(name, { grant: own.grant_id, mailbox: own.email_address });
    const { id } = object as { id: string };
    const message = await created({ ...object, id, grant_id: own.grant_id });
    expect(message).toMatchObject({ direction, folder });
    const isShown = folder !== "junk";
    for (const path of ["/inbox", "/messages", "/threads"]) {
      expect(await subjects(`${path}?account_id=${own.id}`)).toEqual(isShown ? ["case"] : []);
      expect(await subjects(`${path}?account_id=${own.id}&folder=${folder}`)).toEqual(["case"]);
      expect(await subjects(`${path}?account_id=${own.id}&folder=all`)).toEqual(["case"]);
    }
    expect(await unread(client, own)).toBe(isShown ? 1 : 0);
  });

  it("that is a draft at the provider is not stored until it is sent", async () => {
    const own = await connectMailbox(client);
    const [draft] = caseObjects("folder-draft.json", { grant: own.grant_id, mailbox: own.email_address });
    const object: ReturnType<typeof mail> = { ...mail(own, "case-1"), ...draft };
    expect(await created(object)).toBeUndefined();
    expect(await subjects(`/messages?account_id=${own.id}&folder=all`)).toEqual([]);
    expect(await subjects(`/threads?account_id=${own.id}&folder=all`)).toEqual([]);
    const sent = await tell("message.updated", { ...object, folders: ["SENT"] } as typeof object);
    expect(sent).toMatchObject({ direction: "outbound", folder: "sent" });
  });
});

describe("the direction", () => {
  const directionOf = async (to: Mailbox, id: string, more: object) =>
    (await created(mail(to, `${id} ${unique()}`, more)))?.direction;

  it("follows from the folder, else from the account's address", async () => {
    const own = [{ email: mailbox.email_address.toUpperCase() }];
    expect(await directionOf(mailbox, "nowhere", { from: own })).toBe("outbound");
    expect(await directionOf(mailbox, "archived", { from: own, folders: ["Archive"] })).toBe("outbound");
    expect(await directionOf(mailbox, "forged", { from: own, folders: ["INBOX"] })).toBe("inbound");
    expect(await directionOf(mailbox, "to oneself", { from: own, folders: ["INBOX", "SENT"] })).toBe(
      "outbound",
    );
    expect(await directionOf(mailbox, "other", {})).toBe("inbound");
  });

  it("is outbound for an alias once the mailbox has sent as it", async () => {
    const own = await connectMailbox(client);
    const alias = { from: [{ email: "Sales@Alias.example" }] };
    expect(await directionOf(own, "before", alias)).toBe("inbound");
    expect(await directionOf(own, "sent", { ...alias, folders: ["SENT"] })).toBe("outbound");
    expect(await directionOf(own, "after", { from: [{ email: "sales@alias.example" }] })).toBe("outbound");
    expect(await directionOf(mailbox, "elsewhere", alias)).toBe("inbound");
  });
});

describe("the folders of a mailbox", () => {
  const asked = async ({ grant_id }: Mailbox): Promise<number> => {
    const { data } = (await control("GET", "/__sim/requests")) as { data: object[] };
    return JSON.stringify(data).split(`/v3/grants/${grant_id}/folders`).length - 1;
  };

  it("are read once for an unknown id, and again after a change", async () => {
    const own = await connectMailbox(client);
    const before = await asked(own);
    for (const n of [1, 2, 3]) await created(mail(own, `unknown ${n}`, { folders: ["AAMk"] }));
    expect((await asked(own)) - before).toBe(1);
    await createFolder(own.grant_id, { id: "AAMk", name: "Weg", attributes: ["\\Trash"] });
    expect(await created(mail(own, "unknown 4", { folders: ["AAMk"] }))).toMatchObject({ folder: "archive" });
    await tell("folder.created", { grant_id: own.grant_id, id: "AAMk" });
    const known = await tell("message.updated", mail(own, "unknown 4", { folders: ["AAMk"] }), now() + 1);
    expect(known).toMatchObject({ folder: "trash" });
    expect((await asked(own)) - before).toBe(2);
  });

  it("with Gmail's ids need no request to the provider", async () => {
    const own = await connectMailbox(client);
    await db.prepare("DELETE FROM ems_folders WHERE account_id = ?").bind(own.id).run();
    const before = await asked(own);
    for (const [nth, id] of ["INBOX", "SENT", "SPAM", "TRASH", "UNREAD"].entries()) {
      await created(mail(own, `label ${nth}`, { folders: [id, "IMPORTANT", "CATEGORY_PERSONAL"] }));
    }
    expect((await asked(own)) - before).toBe(0);
  });
});

describe("a move at the provider", () => {
  it("removes a mail from every inbox and count, and restores it with its users' state", async () => {
    const own = await connectMailbox(client);
    const colleague = await createClient({ companies: client.claims.companies });
    const object = mail(own, "moved");
    const message = await created({ ...object, folders: ["INBOX"] } as typeof object);
    await created(mail(own, "stays", { folders: ["INBOX"], thread_id: "thread of moved" }));
    const entry = entryIdOf(client.claims.user_id, message!.id);
    await client.call("PATCH", `/inbox/${entry}/read`);
    await client.call("PATCH", `/inbox/${entry}/star`);
    const lists = async () => ({
      inbox: await subjects(`/inbox?account_id=${own.id}`),
      read: await subjects(`/inbox?account_id=${own.id}&is_read=true`),
      trash: await subjects(`/inbox?account_id=${own.id}&folder=trash&is_read=true`),
      messages: await subjects(`/messages?account_id=${own.id}`),
      mine: await unread(client, own),
      theirs: await unread(colleague, own),
    });
    const there = await lists();
    expect(there).toEqual({
      ...{ inbox: ["stays", "moved"], read: ["moved"], trash: [], messages: ["stays", "moved"] },
      ...{ mine: 1, theirs: 2 },
    });
    const { body: before } = await client.call("GET", "/events");

    await tell("message.updated", { ...object, folders: ["TRASH"] } as typeof object, now() + 1);
    expect(await lists()).toEqual({
      ...{ inbox: ["stays"], read: [], trash: ["moved"], messages: ["stays"], mine: 1, theirs: 1 },
    });
    const thread = `/threads/${message!.thread_id}`;
    expect((await client.call("GET", thread)).body).toMatchObject({
      message_count: 1,
      messages: [{ subject: "stays" }],
    });
    expect((await client.call("GET", `${thread}?folder=trash`)).body.messages).toMatchObject([
      { subject: "moved", folder: "trash" },
    ]);
    expect((await client.call("GET", `${thread}?folder=all`)).body.messages).toHaveLength(2);
    const { body: told } = await client.call("GET", `/events?since=${encodeURIComponent(before.position)}`);
    const types = told.items.map(({ type }: { type: string }) => type);
    expect(types).toEqual(expect.arrayContaining(["message.updated", "thread.updated"]));
    // In its folder it can still be changed, and read by id.
    const { body: changed } = await client.call("PATCH", `/inbox/${entry}/unread`);
    expect(changed).toMatchObject({ is_read: false, is_starred: true });
    await client.call("PATCH", `/inbox/${entry}/read`);

    await tell("message.updated", { ...object, folders: ["INBOX"] } as typeof object, now() + 2);
    expect(await lists()).toEqual(there);
    const { body: back } = await client.call("GET", `/inbox?account_id=${own.id}&is_read=true`);
    expect(back.items).toMatchObject([{ is_starred: true, message: { folder: "inbox" } }]);
  });

  it("of a whole thread hides it from the list of threads, but keeps it readable", async () => {
    const own = await connectMailbox(client);
    const object = mail(own, "alone");
    const message = await created(object);
    await tell("message.updated", { ...object, folders: ["SPAM"] } as typeof object, now() + 1);
    expect(await subjects(`/threads?account_id=${own.id}`)).toEqual([]);
    expect(await subjects(`/threads?account_id=${own.id}&folder=junk`)).toEqual(["alone"]);
    expect(await subjects(`/threads?account_id=${own.id}&folder=all`)).toEqual(["alone"]);
    const { body } = await client.call("GET", `/threads/${message!.thread_id}?folder=junk`);
    expect(body.messages).toMatchObject([{ id: message!.id }]);
    await tell("message.updated", object, now() + 2);
    await tell("message.updated", { ...object, folders: ["INBOX"] } as typeof object, now() + 3);
    expect(await subjects(`/threads?account_id=${own.id}`)).toEqual(["alone"]);
    expect(await subjects(`/threads?account_id=${own.id}&folder=junk`)).toEqual([]);
  });
});
