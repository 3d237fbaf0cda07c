import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import type { AttachmentResponse } from "../../src/ems/attachments/responses.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { storedMail } from "../support/nylas.ts";

let client: Client;
let account: AccountResponse & { grant_id: string };
beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
});

async function upload(...files: File[]): Promise<{ id: string; content_id: string }[]> {
  const form = new FormData();
  for (const file of files) form.append("file", file);
  const request = new Request("https://xabar.test/attachments/", {
    method: "POST",
    headers: { authorization: `Bearer ${client.token}` },
    body: form,
  });
  const response = await exports.default.fetch(request);
  expect(response.status).toBe(201);
  return response.json();
}

const mail = (fields: object = {}) => ({
  email_account_id: account.id,
  to: [{ email: "john@customer.example" }],
  subject: `Mail ${unique()}`,
  body_html: "<p>See below</p>",
  ...fields,
});

async function bytesOf(id: string): Promise<ArrayBuffer> {
  const { body } = await client.call("GET", `/attachments/${id}/download`);
  return (await exports.default.fetch(body.download_url)).arrayBuffer();
}

const digest = async (bytes: ArrayBuffer) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).join();

function random(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

describe("attachments of a sent mail", () => {
  it("that are unknown or another company's are 400, and nothing is sent", async () => {
    const [own] = await upload(new File(["x"], "a.txt"));
    const stranger = await createClient();
    const theirs = await connectMailbox(stranger);
    const request = { ...mail(), email_account_id: theirs.id, attachment_ids: [own!.id] };
    const { status, body } = await stranger.call("POST", "/messages/send", request);
    expect([status, body.detail]).toEqual([400, expect.stringMatching(/^attachment_ids: /)]);
    expect(await storedMail(theirs.grant_id)).toEqual([]);
  });

  it("over 25 MB in all are 413, with the limit", async () => {
    const ids = [];
    for (const name of ["a", "b"])
      ids.push((await upload(new File([random(13 * 1024 * 1024)], name)))[0]!.id);
    const { status, body } = await client.call("POST", "/messages/send", mail({ attachment_ids: ids }));
    expect([status, body.detail]).toEqual([413, expect.stringContaining(String(25 * 1024 * 1024))]);
  });

  it.each([
    ["a small file, as JSON", 1000],
    ["24 MB, as a stream", 24 * 1024 * 1024],
  ])("%s, arrive byte for byte, under their names and types", async (_, size) => {
    const bytes = random(size);
    const [file] = await upload(new File([bytes], 'Ҳисобот "2026".pdf', { type: "application/pdf" }));
    const { status, body } = await client.call(
      "POST",
      "/messages/send",
      mail({ attachment_ids: [file!.id] }),
    );
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.has_attachments).toBe(true);
    const [attachment] = body.attachments as AttachmentResponse[];
    expect(attachment).toMatchObject({
      filename: 'Ҳисобот "2026".pdf',
      content_type: "application/pdf",
      size_bytes: size,
      is_inline: false,
    });
    expect(await digest(await bytesOf(attachment!.id))).toBe(await digest(bytes.buffer));
  });

  it("that the HTML shows by cid are inline", async () => {
    const [logo, plan] = await upload(
      new File(["png"], "logo.png", { type: "image/png" }),
      new File(["plan"], "plan.txt", { type: "text/plain" }),
    );
    const request = mail({
      body_html: `<p>Hello <img src="cid:${logo!.content_id}"></p>`,
      attachment_ids: [logo!.id, plan!.id],
    });
    const { body } = await client.call("POST", "/messages/send", request);
    const files = (body.attachments as AttachmentResponse[]).map(({ filename, is_inline }) => [
      filename,
      is_inline,
    ]);
    expect(files.toSorted()).toEqual([
      ["logo.png", true],
      ["plan.txt", false],
    ]);
    expect(body.has_attachments).toBe(true);
  });

  it("may be attachments of received mail, and then they are sent on", async () => {
    const [first] = await upload(new File(["passed on"], "a.txt", { type: "text/plain" }));
    const [second] = await upload(new File(["new"], "b.txt", { type: "text/plain" }));
    const { body: sent } = await client.call("POST", "/messages/send", mail({ attachment_ids: [first!.id] }));
    const [known] = sent.attachments as AttachmentResponse[];
    const ids = [second!.id, known!.id];
    const again = await client.call("POST", "/messages/send", mail({ attachment_ids: ids }));
    expect(again.status).toBe(200);
    const attachments = again.body.attachments as AttachmentResponse[];
    expect(attachments.map(({ filename }) => filename)).toEqual(["b.txt", "a.txt"]);
    expect(new TextDecoder().decode(await bytesOf(attachments[1]!.id))).toBe("passed on");
    const stranger = await createClient();
    const theirs = await connectMailbox(stranger);
    const stolen = { ...mail({ attachment_ids: [known!.id] }), email_account_id: theirs.id };
    const { status, body } = await stranger.call("POST", "/messages/send", stolen);
    expect([status, body.detail]).toEqual([400, expect.stringMatching(/^attachment_ids: no such/)]);
  });

  it("can be downloaded before they are sent, by the company alone", async () => {
    const [file] = await upload(new File(["early"], "a.txt", { type: "text/plain" }));
    expect(new TextDecoder().decode(await bytesOf(file!.id))).toBe("early");
    const stranger = await createClient();
    const { status, body } = await stranger.call("GET", `/attachments/${file!.id}/download`);
    expect([status, body.detail]).toEqual([404, "Attachment not found"]);
  });

  it("of a draft are listed in its order, with what its HTML shows inline", async () => {
    const [shown, other] = await upload(
      new File(["x"], "a.png", { type: "image/png" }),
      new File(["xy"], "b.txt", { type: "text/plain" }),
    );
    const { body: sent } = await client.call("POST", "/messages/send", mail({ attachment_ids: [other!.id] }));
    const [known] = sent.attachments as AttachmentResponse[];
    const gone = crypto.randomUUID();
    const { body: draft } = await client.call(
      "POST",
      "/drafts",
      mail({
        attachment_ids: [known!.id, gone, other!.id, shown!.id],
        body_html: `<img src="cid:${shown!.content_id}">`,
      }),
    );
    const { status, body: files } = await client.call("GET", `/drafts/${draft.id}/files`);
    expect([status, files.map(({ id }: { id: string }) => id)]).toEqual([
      200,
      [known!.id, other!.id, shown!.id],
    ]);
    expect(files[1]).toEqual({
      id: other!.id,
      filename: "b.txt",
      content_type: "text/plain",
      size_bytes: 2,
      content_id: other!.content_id,
      is_inline: false,
    });
    expect(files[2]).toMatchObject({ filename: "a.png", is_inline: true });
    const { body: empty } = await client.call("POST", "/drafts", mail());
    expect((await client.call("GET", `/drafts/${empty.id}/files`)).body).toEqual([]);
  });

  it("work on a reply and a draft too", async () => {
    const { body: first } = await client.call("POST", "/messages/send", mail());
    const [file] = await upload(new File(["x"], "a.txt", { type: "text/plain" }));
    const attachment_ids = [file!.id];
    const reply = await client.call("POST", `/messages/${first.id}/reply`, mail({ attachment_ids }));
    const { body: draft } = await client.call("POST", "/drafts", mail({ attachment_ids }));
    const sent = await client.call("POST", `/drafts/${draft.id}/send`);
    for (const { status, body } of [reply, sent]) {
      expect([status, body.attachments?.length]).toEqual([200, 1]);
    }
  });
});
