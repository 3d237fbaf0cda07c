import { describe, expect, it } from "vitest";
import { cuid } from "../../src/lib/cuid.ts";
import { createAccount, emailClient, inMailbox, messageOf } from "../support/email-client.ts";

async function sender() {
  const client = await emailClient();
  const { id } = await createAccount(client);
  const mail = { accountId: id, to: ["a@example.com"], subject: "Salom", body: "Salom!" };
  const send = (changes: object = {}, headers: HeadersInit = {}) =>
    client.call("POST", "/api/compose/send", { ...mail, ...changes }, headers);
  return { client, id, mail, send };
}

const INVALID: [what: string, changes: object][] = [
  ["a malformed recipient", { to: ["a@example.com", "nobody"] }],
  ["a recipient with a line break", { cc: ["a@example.com\r\nBcc: b@example.com"] }],
  ["a malformed Reply-To", { replyTo: "nobody" }],
  ["501 recipients", { bcc: Array(501).fill("a@example.com") }],
  ["a subject of 501 characters", { subject: "x".repeat(501) }],
  ["a subject with a line break", { subject: "a\nb" }],
  ["101 files", { attachmentIds: Array(101).fill("x") }],
  ["a reply to something else", { inReplyTo: "<a b>" }],
  ["an account that is no id", { accountId: "x" }],
];

describe("sending", () => {
  it("is accepted with a task and the id of the message", async () => {
    const { id, send } = await sender();
    const changes = {
      cc: ["c@example.com"],
      replyTo: "r@example.com",
      isHtml: true,
      inReplyTo: "<1@x.example>",
    };
    const { status, body } = await send(changes);
    expect(status).toBe(202);
    expect(body).toEqual({
      taskId: expect.stringContaining(`${id}-`),
      status: "pending",
      messageId: expect.any(String),
    });
    const [sent] = await inMailbox(id, (mailbox) => mailbox.sent);
    expect(sent?.mail).toEqual({
      ...{ to: ["a@example.com"], cc: ["c@example.com"], bcc: [], replyTo: "r@example.com" },
      ...{ subject: "Salom", body: "Salom!", isHtml: true, files: [], inReplyTo: "<1@x.example>" },
    });
  });

  it.each([
    ...INVALID,
    ["no recipient", { to: [] }],
    ["no subject", { subject: "" }],
    ["no body", { body: "" }],
  ] as [string, object][])("is refused with %s", async (_, changes) => {
    const { id, send } = await sender();
    const { status, body } = await send(changes);
    expect([status, body.error]).toEqual([400, "Bad request"]);
    expect(await inMailbox(id, (mailbox) => mailbox.sent)).toEqual([]);
  });

  it("under a key makes one mail, another mail under it is 409, and users have keys of their own", async () => {
    const { client, id, send } = await sender();
    const headers = { "idempotency-key": '"send-once"' };
    const [first, second] = [await send({}, headers), await send({}, headers)];
    expect(second.body).toEqual(first.body);
    expect([first, second].map((each) => each.headers.get("idempotent-replayed"))).toEqual([null, "true"]);
    const other = await send({ subject: "Boshqa" }, headers);
    expect([other.status, other.body.code]).toEqual([409, "KEY_REUSED"]);
    const admin = await emailClient({ tenant_id: client.claims.tenant_id, role: "admin" });
    const mail = { accountId: id, to: ["a@example.com"], subject: "Admin", body: "!" };
    expect((await admin.call("POST", "/api/compose/send", mail, headers)).status).toBe(202);
    expect(await inMailbox(id, (mailbox) => mailbox.sent.length)).toBe(2);
    expect((await send({}, { "idempotency-key": "two words" })).status).toBe(400);
  });

  it("takes files from every mailbox of the same user, in their order", async () => {
    const { client, id, send } = await sender();
    const { id: other } = await createAccount(client);
    const [mine, theirs] = [messageOf(id), messageOf(other)];
    await inMailbox(id, (mailbox) => void mailbox.mails.push(mine));
    await inMailbox(other, (mailbox) => void mailbox.mails.push(theirs));
    const ids = [theirs, mine].map(({ attachments }) => attachments[0]!.id);
    expect((await send({ attachmentIds: ids })).status).toBe(202);
    const [sent] = await inMailbox(id, (mailbox) => mailbox.sent);
    expect(sent?.mail.files.map(({ key }) => key)).toEqual([
      `mail/${other}/${ids[0]}`,
      `mail/${id}/${ids[1]}`,
    ]);
  });

  it("refuses a file that is unknown, or of somebody else: nothing is sent", async () => {
    const { client, id, send } = await sender();
    const colleague = await emailClient({ tenant_id: client.claims.tenant_id });
    const { id: foreign } = await createAccount(colleague);
    const theirs = messageOf(foreign);
    await inMailbox(foreign, (mailbox) => void mailbox.mails.push(theirs));
    for (const attachmentId of [theirs.attachments[0]!.id, `${id}-${cuid()}-2`, "x", `${cuid()}-1`]) {
      const { status, body } = await send({ attachmentIds: [attachmentId] });
      expect([status, body.message]).toEqual([400, `attachmentIds: there is no attachment ${attachmentId}`]);
    }
    expect(await inMailbox(id, (mailbox) => mailbox.sent)).toEqual([]);
  });
});

describe("a draft", () => {
  it("may be empty, and replaces another", async () => {
    const { client, id } = await sender();
    const first = await client.call("POST", "/api/compose/draft", { accountId: id });
    expect(first.status).toBe(201);
    expect(first.body).toEqual({ draftId: expect.any(String), accountId: id, createdAt: expect.any(Number) });
    const { draftId } = first.body;
    const second = await client.call("POST", "/api/compose/draft", {
      accountId: id,
      subject: "Endi",
      draftId,
    });
    expect(second.status).toBe(201);
    expect(await inMailbox(id, ({ drafts }) => [...drafts.keys()])).toEqual([second.body.draftId]);
    const gone = await client.call("POST", "/api/compose/draft", { accountId: id, draftId });
    expect([gone.status, gone.body.code]).toEqual([404, "NOT_FOUND"]);
  });

  it.each(INVALID)("is refused with %s", async (_, changes) => {
    const { client, mail } = await sender();
    expect((await client.call("POST", "/api/compose/draft", { ...mail, ...changes })).status).toBe(400);
  });

  it("under a key is saved once", async () => {
    const { client, id, mail } = await sender();
    const headers = { "idempotency-key": "draft-once" };
    const save = () => client.call("POST", "/api/compose/draft", mail, headers);
    const [first, second] = [await save(), await save()];
    expect(second.body).toEqual(first.body);
    expect(await inMailbox(id, ({ drafts }) => drafts.size)).toBe(1);
  });
});

describe("a sync", () => {
  it("starts once, is polled by its task, and tells its result", async () => {
    const { client, id } = await sender();
    const first = await client.call("POST", `/api/sync/${id}`);
    expect(first.status).toBe(202);
    const { taskId } = first.body;
    expect(first.body).toEqual({ taskId, status: "pending", message: "Sync started in background" });
    const scope = { force: true, folders: [cuid()] };
    expect((await client.call("POST", `/api/sync/${id}`, scope)).body.taskId).toBe(taskId);
    expect(await inMailbox(id, ({ calls }) => calls.at(-1)?.args[1])).toEqual(scope);
    expect((await client.call("GET", `/api/sync/task/${taskId}`)).body).toEqual({
      ...{ taskId, status: "pending", progress: 0 },
    });
    const result = { messagesAdded: 1, messagesUpdated: 2, messagesRemoved: 3, foldersSync: 4 };
    await inMailbox(
      id,
      ({ tasks }) => void Object.assign(tasks.get(taskId)!, { status: "success", progress: 100, result }),
    );
    const done = await client.call("GET", `/api/sync/task/${taskId}`);
    expect(done.body).toEqual({ taskId, status: "success", progress: 100, result });
  });

  it("that is tried again counts as started", async () => {
    const { client, id } = await sender();
    const { body } = await client.call("POST", `/api/sync/${id}`);
    await inMailbox(id, ({ tasks }) => void Object.assign(tasks.get(body.taskId)!, { status: "retry" }));
    expect((await client.call("POST", `/api/sync/${id}`)).body.status).toBe("started");
  });

  it("that failed says why, in words and by a code", async () => {
    const { client, id } = await sender();
    const { body } = await client.call("POST", `/api/sync/${id}`);
    const end = { status: "failure", error: "Wrong password", code: "AUTHENTICATION_FAILED" };
    await inMailbox(id, ({ tasks }) => void Object.assign(tasks.get(body.taskId)!, end));
    expect((await client.call("GET", `/api/sync/task/${body.taskId}`)).body).toMatchObject(end);
  });

  it("that nobody knows is 404, whatever its id looks like", async () => {
    const { client, id } = await sender();
    for (const taskId of ["abc123def456", `${id}-${cuid()}`, `${cuid()}-${cuid()}`, id])
      expect((await client.call("GET", `/api/sync/task/${taskId}`)).status, taskId).toBe(404);
  });

  it.each([{ force: "yes" }, { folders: "INBOX" }, { folders: ["a b"] }, []])(
    "is refused with %j",
    async (body) => {
      const { client, id } = await sender();
      expect((await client.call("POST", `/api/sync/${id}`, body)).status).toBe(400);
    },
  );
});
