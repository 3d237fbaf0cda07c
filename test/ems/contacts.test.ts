import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import { listContacts } from "../../src/ems/contacts/service.ts";
import { createContext } from "../../src/ems/context.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { deleteMessage } from "../../src/ems/ingest/deletion.ts";
import { createBulkAccount } from "../support/bulk.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { metered } from "../support/meter.ts";

type Mailbox = AccountResponse & { grant_id: string };

const ctx = createContext(env, { waitUntil: () => {} });

let client: Client;
let mailbox: Mailbox;
let other: Mailbox;
beforeAll(async () => {
  client = await createClient({ companies: [unique(), unique()] });
  mailbox = await connectMailbox(client);
  other = await connectMailbox(client, { company_id: client.claims.companies[1] ?? 0 });
});

let clock = 1;

/** A mail that comes in. @returns its id at the provider */
async function come(
  email: string,
  name: string | null,
  more: { folder?: string; box?: Mailbox; at?: number } = {},
) {
  const { folder = "INBOX", box = mailbox, at = clock } = more;
  const id = `m${unique()}`;
  const message = { id, from: { email, name }, subject: id, date: 1_800_000_000 + at, folders: [folder] };
  const { outcome } = await applyMessage(ctx, box, { message, observedAt: clock++, cause: id });
  expect(outcome).toBe("created");
  return id;
}

const suggest = async (q: string, more = "", by = client) => {
  const { status, body } = await by.call("GET", `/contacts?q=${encodeURIComponent(q)}${more}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.items as { name: string | null; email: string }[];
};
const emails = async (...asked: Parameters<typeof suggest>) =>
  (await suggest(...asked)).map(({ email }) => email);

describe("a request is refused", () => {
  it.each([
    ["", "q", "is missing"],
    ["q=", "q", "must not be empty"],
    ["q=%20", "q", "must not be empty"],
    ["q=a%00", "q", "must be one line without control characters"],
    [`q=${"x".repeat(321)}`, "q", "at most 320 characters"],
    ["q=a&size=0", "size", "must be at least 1"],
    ["q=a&size=21", "size", "must be at most 20"],
    ["q=a&size=x", "size", "must be a whole number"],
    ["q=a&account_id=7", "account_id", "must be a UUID"],
  ])("with ?%s", async (query, path, message) => {
    const { status, body } = await client.call("GET", `/contacts?${query}`);
    expect([status, body.errors]).toEqual([400, [{ path, message }]]);
  });
});

describe("contacts", () => {
  it("are senders whose address begins with the text, in either case, by address and each once", async () => {
    const mark = `list${unique()}`;
    await come(`${mark}.Bob@Out.example`, "Bob");
    await come(`${mark}.ann@out.example`, "Ann");
    await come(`${mark}.ANN@OUT.EXAMPLE`, "Ann Lee");
    await come(`other.${mark}@out.example`, "Other");
    const found = [
      { name: "Ann Lee", email: `${mark}.ann@out.example` },
      { name: "Bob", email: `${mark}.bob@out.example` },
    ];
    for (const q of [mark, mark.toUpperCase(), ` ${mark}.`]) expect(await suggest(q)).toEqual(found);
    expect(await emails(mark, "&size=1")).toEqual([`${mark}.ann@out.example`]);
    expect(await emails(`${mark}.bob@out.example`)).toEqual([`${mark}.bob@out.example`]);
    expect(await suggest(`${mark}.c`)).toEqual([]);
  });

  it("have the newest name that is known, whatever came in last", async () => {
    const email = `named${unique()}@out.example`;
    await come(email, null);
    expect(await suggest(email)).toEqual([{ name: null, email }]);
    await come(email, "New", { at: 900 });
    await come(email, "Old", { at: 100 });
    await come(email, null, { at: 1000 });
    expect(await suggest(email)).toEqual([{ name: "New", email }]);
  });

  it("are none of junk and trash, until the mail is taken out", async () => {
    const email = `spam${unique()}@out.example`;
    for (const folder of ["SPAM", "TRASH"]) await come(email, "Spam", { folder });
    expect(await emails(email)).toEqual([]);
    await come(email, "Spam");
    expect(await emails(email)).toEqual([email]);
  });

  it("are gone with their last mail", async () => {
    const email = `gone${unique()}@out.example`;
    const ids = [await come(email, "One"), await come(email, "Two")];
    await deleteMessage(ctx, mailbox, ids[1] ?? "", clock++);
    expect(await suggest(email)).toEqual([{ name: "One", email }]);
    await deleteMessage(ctx, mailbox, ids[0] ?? "", clock++);
    expect(await suggest(email)).toEqual([]);
  });

  it("are of all mailboxes, with the newest name among them, or of one", async () => {
    const mark = `many${unique()}`;
    const both = `${mark}@out.example`;
    await come(both, "Earlier", { at: 1 });
    await come(both, "Later", { at: 2, box: other });
    await come(`${mark}.second@out.example`, null, { box: other });
    expect(await suggest(mark)).toEqual([
      { name: null, email: `${mark}.second@out.example` },
      { name: "Later", email: both },
    ]);
    expect(await suggest(mark, `&account_id=${mailbox.id}`)).toEqual([{ name: "Earlier", email: both }]);
    expect(await suggest(mark, `&account_id=${crypto.randomUUID()}`)).toEqual([]);
    const colleague = await createClient({ companies: [other.company_id] });
    expect(await suggest(both, "", colleague)).toEqual([{ name: "Later", email: both }]);
    expect(await suggest(both, `&account_id=${mailbox.id}`, colleague)).toEqual([]);
  });

  it("are addresses, and the text is no pattern", async () => {
    await come("MAILER-DAEMON", "Mail system");
    expect(await suggest("mailer-d")).toEqual([]);
    await come(`o'neil_${unique()}@out.example`, "O'Neil");
    expect(await emails("o'neil_")).toHaveLength(1);
    for (const q of ["%", "_", "*", "o%", "o_neil", "'"]) expect(await suggest(q)).toEqual([]);
  });
});

it("they cost the same in any mailbox, however many mails a sender has", async () => {
  const reads = [];
  for (const count of [500, 10_000]) {
    const account = await createBulkAccount(count);
    const { ctx: by, meter } = metered({ user_id: unique(), companies: [account.company_id] });
    const { items } = await listContacts(by, { q: "c", account_id: undefined, size: 8 });
    expect(items).toEqual([{ name: null, email: "c@out.example" }]);
    reads.push(meter.read);
  }
  expect(reads[0]).toBe(reads[1]);
  expect(reads[0]).toBeLessThanOrEqual(30);
});
