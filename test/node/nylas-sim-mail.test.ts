import { describe, expect, test } from "vitest";
import { folderIdFor } from "../../dev/nylas/store/system-folders.ts";
import { AZIZA, startWithGrant, TEAM } from "./nylas-sim-harness.ts";

const desk = { email: "desk@app.example" };

describe("the list of messages", () => {
  test.each([
    "limit=0",
    "limit=201",
    "limit=ten",
    "page_token=undefined",
    "page_token=e30",
    "in=inbox",
    "received_after=yesterday",
    "fields=everything",
    "unread=true",
  ])("rejects %s", async (query) => {
    const { api, path, receive } = startWithGrant();
    receive("one");
    expect((await api("GET", `${path}?${query}`)).status).toBe(400);
  });

  test("rejects a cursor with different filters", async () => {
    const { api, path, receive } = startWithGrant();
    receive("one");
    receive("two");
    const { next_cursor } = (await api("GET", `${path}?limit=1&in=INBOX`)).body;
    expect((await api("GET", `${path}?limit=1&page_token=${next_cursor}`)).status).toBe(400);
  });

  test("pages through all messages once, newest first, while new ones arrive", async () => {
    const { api, path, receive } = startWithGrant();
    for (const subject of ["1", "2", "3", "4", "5"]) receive(subject);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await api("GET", `${path}?limit=2${cursor ? `&page_token=${cursor}` : ""}`);
      seen.push(...body.data.map((message: { subject: string }) => message.subject));
      cursor = body.next_cursor;
      receive("late");
    } while (cursor);
    expect(seen).toEqual(["5", "4", "3", "2", "1"]);
  });

  test("has no next_cursor on the last page, even if that is full", async () => {
    const { api, path, receive } = startWithGrant();
    receive("one");
    expect((await api("GET", `${path}?limit=1`)).body).not.toHaveProperty("next_cursor");
  });

  test("filters by folder and date", async () => {
    const { receive, subjects } = startWithGrant();
    const at = Date.UTC(2026, 0, 1);
    receive("old", { date: at });
    receive("filed", { folder: "Projects", date: at + 1000 });
    receive("new", { date: at + 2000 });

    expect(await subjects("?in=Projects")).toEqual(["filed"]);
    expect(await subjects(`?received_after=${at / 1000}`)).toEqual(["new", "filed"]);
    expect(await subjects(`?received_before=${at / 1000 + 1}`)).toEqual(["old"]);
  });
});

describe("an update", () => {
  test("of folders replaces them, and needs exactly one on Microsoft", async () => {
    for (const [provider, status] of [
      ["google", 200],
      ["microsoft", 400],
    ] as const) {
      const { api, path, receive } = startWithGrant({ provider });
      const { id } = receive("one");
      const url = `${path}/${encodeURIComponent(id)}`;
      expect((await api("PUT", url, { folders: ["Projects", "INBOX"] })).status).toBe(status);
      expect((await api("PUT", url, { folders: ["Projects"] })).body.data.folders).toEqual(["Projects"]);
    }
  });

  test("raises message.updated, and keeps the other fields", async () => {
    const { sim, api, path, receive, delivered } = startWithGrant();
    const { id } = receive("one");
    await api("PUT", `${path}/${id}`, { starred: true });
    await sim.tick();
    expect(delivered.at(-1)!.json).toMatchObject({
      type: "message.updated",
      data: { object: { id, starred: true, unread: true, subject: "one" } },
    });
  });

  test("of a message of another grant is a 404", async () => {
    const { sim, api, receive } = startWithGrant();
    const { id } = receive("one");
    const other = sim.addGrant({ email: desk.email });
    expect((await api("PUT", `/v3/grants/${other.id}/messages/${id}`, {})).status).toBe(404);
  });
});

describe("two grants", () => {
  function startPair(provider: "google" | "imap") {
    const harness = startWithGrant({ provider });
    const other = harness.sim.addGrant({ email: desk.email, provider: "microsoft" });
    const otherPath = `/v3/grants/${other.id}/messages`;
    return { ...harness, other, otherPath };
  }

  test.each(["google", "imap"] as const)(
    "each keep a conversation in one thread, with common Message-IDs (%s)",
    async (provider) => {
      const { api, path, otherPath, grant, other } = startPair(provider);
      const headers = "fields=include_basic_headers";
      const first = await api("POST", `${path}/send?${headers}`, { to: [desk], subject: "Reja", body: "1" });
      const received = (await api("GET", `${otherPath}?${headers}`)).body.data[0];
      expect(received).toMatchObject({
        subject: "Reja",
        folders: [folderIdFor(other, "INBOX")],
        unread: true,
        grant_id: other.id,
      });
      expect(received.headers).toEqual(first.body.data.headers);
      expect(received.id).not.toBe(first.body.data.id);
      expect(received.thread_id).not.toBe(first.body.data.thread_id);

      const reply = { to: [TEAM], subject: "Re: Reja", body: "2", reply_to_message_id: received.id };
      const second = (await api("POST", `${otherPath}/send?${headers}`, reply)).body.data;
      const messageId = first.body.data.headers[0].value;
      expect(second.thread_id).toBe(received.thread_id);
      expect(second.headers.slice(1)).toEqual([
        { name: "In-Reply-To", value: messageId },
        { name: "References", value: messageId },
      ]);

      const [answered] = (await api("GET", `${path}?in=INBOX&${headers}`)).body.data;
      expect(answered).toMatchObject({ thread_id: first.body.data.thread_id, grant_id: grant.id });
      // On IMAP reply_to_message_id is the Message-ID header, not the id.
      const answeredId = answered.headers[0].value;
      const wrong = { to: [desk], reply_to_message_id: provider === "imap" ? answered.id : answeredId };
      expect((await api("POST", `${path}/send`, wrong)).status).toBe(404);
      const right = { to: [desk], reply_to_message_id: provider === "imap" ? answeredId : answered.id };
      const third = (await api("POST", `${path}/send?${headers}`, right)).body.data;
      expect(third.thread_id).toBe(first.body.data.thread_id);
      expect(third.headers[2].value).toBe(`${messageId} ${answeredId}`);
    },
  );

  test("do not see Bcc recipients; only the sender does", async () => {
    const { api, path, otherPath } = startPair("google");
    const sent = await api("POST", `${path}/send`, { to: [AZIZA], bcc: [desk] });
    expect(sent.body.data.bcc).toEqual([desk]);
    expect((await api("GET", otherPath)).body.data[0].bcc).toEqual([]);
  });

  test("each get a copy of an inbound message; one with folder SENT is also stored for its sender", () => {
    const { sim, grant, other } = startPair("google");
    const messageId = "<m@elsewhere.example>";
    const received = sim.inbound({ from: AZIZA, to: [TEAM], cc: [desk, TEAM], subject: "x", messageId });
    expect(received.map((message) => message.grant_id)).toEqual([grant.id, other.id]);
    expect(new Set(received.map((message) => message.thread_id)).size).toBe(2);
    const sent = sim.inbound({ from: TEAM, to: [desk], subject: "x", inReplyTo: messageId, folder: "SENT" });
    expect(sent).toMatchObject([
      { grant_id: other.id, folders: [folderIdFor(other, "INBOX")], thread_id: received[1]!.thread_id },
      { grant_id: grant.id, folders: ["SENT"], thread_id: received[0]!.thread_id, unread: false },
    ]);
  });
});
