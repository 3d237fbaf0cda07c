import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jwtSecret, signToken } from "../../dev/token.ts";
import { type DevServer, freePorts, startDevServer } from "./support/dev-server.ts";

// What is exported from `npm run dev` gives the same lists and mails as the API.

const COMPANY = 1;
const SCRIPT = fileURLToPath(new URL("../../ops/export.ts", import.meta.url));
const NODE = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the data
type Row = any;

const state = mkdtempSync(join(tmpdir(), "xabar-export-"));
const out = join(state, "out");
let server: DevServer;
let token: string;

async function call(method: string, path: string, body?: object): Promise<Row> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
  const response = await fetch(`${server.url}${path}`, init);
  expect([path, response.ok, response.ok || (await response.text())]).toEqual([path, true, true]);
  return response.json();
}

/** All items of a list of the API. */
async function listOf(path: string): Promise<Row[]> {
  const items: Row[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Row = await call(
      "GET",
      `${path}${path.includes("?") ? "&" : "?"}size=100${cursor && `&cursor=${cursor}`}`,
    );
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  return items;
}

/** All rows of a kind in the export. */
const rowsOf = (kind: string): Row[] =>
  readFileSync(join(out, `${kind}.ndjson`), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const byNewest =
  (at: (row: Row) => string, id: (row: Row) => string) =>
  (a: Row, b: Row): number =>
    at(a) === at(b) ? (id(a) < id(b) ? 1 : -1) : at(a) < at(b) ? 1 : -1;

const isShown = ({ folder }: { folder: string }) => !["junk", "trash", "drafts"].includes(folder);

/** Starts the command. */
function startExport(...args: string[]) {
  const all = [
    SCRIPT,
    "--company",
    `${COMPANY}`,
    "--out",
    out,
    "--url",
    server.url,
    "--token",
    token,
    ...args,
  ];
  const child = spawn(NODE, all, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const exited = once(child, "exit").then(([code]) => ({ code: code as number | null, output }));
  return { child, exited };
}

beforeAll(async () => {
  server = await startDevServer(state, await freePorts());
  const member = { user: 1, name: "Dilnoza Karimova", companies: [COMPANY], role: "member", hours: 1 };
  token = await signToken(member, jwtSecret());
  await call("GET", "/me");
  const { items } = await call("GET", "/inbox/?size=30");
  const ids: string[] = items.map(({ id }: { id: string }) => id);
  await call("PATCH", "/inbox/", { ids: ids.slice(0, 12), changes: { is_read: true } });
  await call("PATCH", "/inbox/", { ids: ids.slice(5, 9), changes: { is_starred: true } });
  await call("PATCH", "/inbox/", { ids: ids.slice(8, 15), changes: { is_archived: true } });
  const [account] = (await call("GET", "/accounts/")).toReversed();
  const mail = { email_account_id: account.id, to: [{ email: "aziz@example.uz" }], subject: "Hisobot 📄" };
  await call("POST", "/drafts/", { ...mail, body_html: "<p>Yozilmoqda</p>" });
  await call("POST", "/messages/send/", { ...mail, body_html: "<p>Salom, dunyo</p>" });
});

afterAll(async () => {
  try {
    await server?.stop();
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});

describe("npm run export", () => {
  it("refuses a company that the token does not name", async () => {
    const { child, exited } = startExport("--company", "99", "--out", join(state, "foreign"));
    child.stdout.resume();
    expect(await exited).toMatchObject({ code: 1, output: expect.stringContaining("company 99") });
  });

  it("goes on after it was killed, at any moment", async () => {
    const messages = join(out, "messages.ndjson");
    const sizeOf = () => (existsSync(messages) ? statSync(messages).size : 0);
    for (const enough of [1, 60_000, 200_000]) {
      const { child, exited } = startExport();
      while (sizeOf() < enough && child.exitCode === null) await sleep(5);
      child.kill("SIGKILL");
      expect((await exited).code).toBeNull();
    }
    // As if the last page had been cut off in the middle.
    writeFileSync(messages, '{"id": "half', { flag: "a" });
    const { code, output } = await startExport().exited;
    expect([code, output]).toEqual([0, expect.stringContaining("Company 1 is in")]);
    const ids = rowsOf("messages").map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(readdirSync(join(out, "mails")).length).toBe(ids.length);
  });

  it("changes nothing when it runs again", async () => {
    const before = readFileSync(join(out, "progress.json"), "utf8");
    expect((await startExport().exited).code).toBe(0);
    expect(readFileSync(join(out, "progress.json"), "utf8")).toBe(before);
  });

  it("refuses the folder of another company", async () => {
    const result = await startExport("--company", "2").exited;
    expect(result).toMatchObject({ code: 1, output: expect.stringContaining("has the export of company 1") });
  });
});

describe("the export reads back to the API's lists", () => {
  it("accounts and companies", async () => {
    expect(rowsOf("accounts")).toEqual(await call("GET", "/accounts/"));
    expect(rowsOf("companies")).toEqual(await call("GET", "/companies/"));
  });

  it("users", async () => {
    expect(rowsOf("users")).toEqual(await listOf("/users/"));
    expect(rowsOf("users")).toMatchObject([{ user_id: 1, name: "Dilnoza Karimova", company_ids: [COMPANY] }]);
  });

  it("threads, of all mailboxes and of one", async () => {
    const rows = rowsOf("threads").toSorted(
      byNewest(
        (row) => row.last_message_at,
        (row) => row.id,
      ),
    );
    expect(rows.length).toBeGreaterThan(50);
    expect(rows).toEqual(await listOf("/threads/?folder=all"));
    const [{ id }] = rowsOf("accounts");
    const own = rows.filter(({ email_account_id }) => email_account_id === id);
    expect(own).toEqual(await listOf(`/threads/?folder=all&account_id=${id}`));
  });

  it("messages with bodies, of all threads and of one", async () => {
    const rows = rowsOf("messages").toSorted(
      byNewest(
        (row) => row.sent_at,
        (row) => row.id,
      ),
    );
    expect(rows.length).toBeGreaterThan(150);
    expect(rows.filter(isShown)).toEqual(await listOf("/messages/"));
    expect(rows).toEqual(await listOf("/messages/?folder=all"));
    const [{ id }] = rowsOf("threads").filter(({ message_count }) => message_count > 2);
    const { messages } = await call("GET", `/threads/${id}?folder=all`);
    expect(rows.filter(({ thread_id }) => thread_id === id).toReversed()).toEqual(messages);
  });

  it.each([
    ["", (row: Row) => !row.is_archived && isShown(row.message)],
    ["?is_read=false", (row: Row) => !row.is_read && !row.is_archived && isShown(row.message)],
    ["?is_read=true", (row: Row) => row.is_read && !row.is_archived && isShown(row.message)],
    ["?is_starred=true", (row: Row) => row.is_starred && !row.is_archived && isShown(row.message)],
    ["?is_archived=true", (row: Row) => row.is_archived && isShown(row.message)],
    ["?folder=sent", (row: Row) => !row.is_archived && row.message.folder === "sent"],
  ])("the member's inbox%s", async (query, isListed) => {
    const rows = rowsOf("inbox").toSorted(
      byNewest(
        (row) => row.message.sent_at,
        (row) => row.message.id,
      ),
    );
    const listed = rows.filter(isListed);
    expect(listed.length).toBeGreaterThan(0);
    expect(listed).toEqual(await listOf(`/inbox/${query}`));
  });

  it("drafts and the outbox", async () => {
    expect(rowsOf("drafts")).toEqual(await listOf("/drafts/"));
    expect(rowsOf("outbox")).toEqual(await listOf("/outbox/"));
    expect([rowsOf("drafts").length, rowsOf("outbox").length]).toEqual([1, 1]);
  });

  it("each mail, with the bytes of its files", async () => {
    const text = (value: string | null | undefined) => value?.replaceAll("\r\n", "\n").trimEnd() || null;
    const named = (list: Row[] | null | undefined) =>
      (list ?? []).map(({ name, email, address }) => [name || "", email ?? address]);
    let files = 0;
    for (const message of rowsOf("messages")) {
      const eml = readFileSync(join(out, "mails", `${message.id}.eml`), "latin1");
      const mail = await PostalMime.parse(Buffer.from(eml, "latin1"));
      const lists = [message.to_addresses, message.cc_addresses, message.bcc_addresses, message.reply_to];
      expect({
        from: named([mail.from]),
        lists: [mail.to, mail.cc, mail.bcc, mail.replyTo].map(named),
        ...{ subject: mail.subject ?? "", html: text(mail.html), text: text(mail.text) },
        ...{ date: mail.date?.replace(".000Z", "Z"), id: mail.messageId },
        files: mail.attachments.map(({ filename, mimeType }) => [filename, mimeType]).toSorted(),
      }).toEqual({
        from: [[message.from_name ?? "", message.from_address]],
        lists: lists.map(named),
        ...{ subject: message.subject, html: text(message.body_html), text: text(message.body_text) },
        ...{ date: message.sent_at, id: message.internet_message_id },
        files: message.attachments.map((file: Row) => [file.filename, file.content_type]).toSorted(),
      });
      for (const { id, filename, content_id } of message.attachments) {
        const { download_url } = await call("GET", `/attachments/${id}/download`);
        const bytes = Buffer.from(await (await fetch(download_url)).arrayBuffer());
        const part = mail.attachments.find((each) => each.filename === filename);
        // PostalMime ends the lines of some texts in its own way. In the mail they are as they were.
        expect(eml.includes(bytes.toString("base64").replace(/.{76}(?=.)/g, "$&\r\n"))).toBe(true);
        if (content_id !== null) expect(part?.contentId).toBe(`<${content_id.replace(/^<|>$/g, "")}>`);
        files++;
      }
    }
    expect(files).toBeGreaterThan(10);
  });
});
