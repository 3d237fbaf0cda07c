import { describe, expect, test } from "vitest";
import type { OutgoingMail } from "../../dev/nylas/sim.ts";
import { multipart, startWithGrant } from "./nylas-sim-harness.ts";

const to = [{ email: "x@elsewhere.example" }];

describe("a send is rejected", () => {
  test.each<[string, unknown]>([
    ["without recipients", { subject: "Salom" }],
    ["with an empty recipient list", { to: [] }],
    ["with an invalid address", { to: [{ email: "nobody" }] }],
    ["with two senders", { to, from: [{ email: "a@app.example" }, { email: "b@app.example" }] }],
    ["with an attachment that is an object", { to, attachments: [file({ content: { locked: false } })] }],
    ["with an attachment that is not base64", { to, attachments: [file({ content: "not base64!" })] }],
    ["with metadata", { to, metadata: { key1: "x" } }],
    ["with tracking", { to, tracking_options: { opens: true } }],
    ["for later", { to, send_at: 1893456000 }],
    ["through a draft", { to, use_draft: true }],
    ["as a multipart without a message", multipart(undefined)],
    ["as a multipart whose message is not JSON", multipart("[object Object]")],
    ["over 3 MB of JSON", { to, body: "x".repeat(3 * 1024 * 1024) }],
  ])("%s", async (_, body) => {
    const { send, sentCount } = startWithGrant();
    expect((await send(body)).status).toBe(400);
    expect(await sentCount()).toBe(0);
  });

  test("as a multipart over 25 MB", async () => {
    const { sim, path } = startWithGrant();
    const headers = { authorization: "Bearer api-key", "content-type": "multipart/form-data; boundary=b" };
    const init = { method: "POST", headers, body: new Uint8Array(25 * 1024 * 1024 + 1) };
    expect((await sim.fetch(new Request(`http://nylas${path}/send`, init))).status).toBe(413);
  });

  test("when the body is the text [object Object]", async () => {
    const { sim, path } = startWithGrant();
    const headers = { authorization: "Bearer api-key", "content-type": "multipart/form-data; boundary=b" };
    const init = { method: "POST", headers, body: "[object Object]" };
    expect((await sim.fetch(new Request(`http://nylas${path}/send`, init))).status).toBe(400);
  });

  test("in reply to a message that is not in the grant", async () => {
    const { send } = startWithGrant();
    expect((await send({ to, reply_to_message_id: "nothing" })).status).toBe(404);
  });

  test("as the eleventh multipart in a second, but not as JSON", async () => {
    const { send, advance } = startWithGrant();
    for (let sent = 0; sent < 10; sent++) expect((await send(multipart({ to }))).status).toBe(200);
    const refused = await send(multipart({ to }));
    expect(refused.body.error.type).toBe("nylas_rate_limit_exceeded");
    expect(refused.headers.has("retry-after")).toBe(false);
    expect((await send({ to })).status).toBe(200);
    await advance(1);
    expect((await send(multipart({ to }))).status).toBe(200);
  });
});

describe("a sent message", () => {
  test("is in SENT, from the address of the grant, with basic headers on request", async () => {
    const { api, path, send, grant } = startWithGrant();
    const { body } = await api("POST", `${path}/send?fields=include_basic_headers`, { to, subject: "Salom" });
    expect(body.grant_id).toBe(grant.id);
    expect(body.data).toMatchObject({
      folders: ["SENT"],
      unread: false,
      from: [{ email: "team@app.example", name: "Team" }],
      headers: [{ name: "Message-ID", value: expect.stringMatching(/^<.+@mail\.gmail\.com>$/) }],
    });
    expect((await send({ to })).body.data).not.toHaveProperty("headers");
  });

  test("keeps the files of a multipart, inline if the HTML references them", async () => {
    const { api, path, send } = startWithGrant();
    const message = { to, body: '<img src="cid:logo">' };
    const logo = new File(["png"], "logo.png", { type: "image/png" });
    const plan = new File(["plan"], "reja.pdf", { type: "application/pdf" });
    const { id, attachments } = (await send(multipart(message, { logo, file1: plan }))).body.data;
    expect(attachments).toMatchObject([
      { filename: "logo.png", content_type: "image/png", content_id: "logo", is_inline: true, size: 3 },
      { filename: "reja.pdf", content_type: "application/pdf", is_inline: false, size: 4 },
    ]);
    const download = `${path}/../attachments/${attachments[1].id}/download?message_id=${id}`;
    const { body, headers } = await api(
      "GET",
      new URL(download, "http://nylas").href.slice("http://nylas".length),
    );
    expect(body).toBe("plan");
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("content-length")).toBe("4");
  });

  test.each(["google", "microsoft", "imap"] as const)(
    "has its custom headers on %s, and so do the copies of its recipients",
    async (provider) => {
      const { sim, api, path, send } = startWithGrant({ provider });
      const here = sim.addGrant({ email: "here@app.example", provider });
      const header = { name: "X-Xabar-Id", value: "marker" };
      const message = { to: [{ email: here.email }], custom_headers: [header] };
      const file0 = new File(["plan"], "reja.pdf", { type: "application/pdf" });
      for (const body of [message, multipart(message, { file0 })]) {
        const { id } = (await send(body)).body.data;
        const one = await api("GET", `${path}/${encodeURIComponent(id)}?fields=include_headers`);
        expect(one.body.data.headers).toContainEqual(header);
      }
      for (const mailbox of [path, `/v3/grants/${here.id}/messages`]) {
        const { body } = await api("GET", `${mailbox}?fields=include_headers`);
        expect(body.data).toHaveLength(2);
        for (const { headers } of body.data) expect(headers).toContainEqual(header);
      }
    },
  );

  test("is passed on once, for the recipients without a grant here", async () => {
    const outgoing: OutgoingMail[] = [];
    const { sim, send } = startWithGrant({ onOutgoing: (mail) => outgoing.push(mail) });
    sim.addGrant({ email: "here@app.example" });
    await send({
      to: [...to, { email: "Here@app.example" }],
      bcc: [{ email: "y@elsewhere.example" }, ...to],
    });
    await send({ to: [{ email: "here@app.example" }] });
    expect(outgoing).toHaveLength(1);
    expect(outgoing[0]).toMatchObject({
      recipients: [{ email: "x@elsewhere.example" }, { email: "y@elsewhere.example" }],
      messageId: expect.stringMatching(/^<.+>$/),
      references: [],
    });
  });
});

function file(part: object) {
  return { filename: "a.txt", content_type: "text/plain", ...part };
}
