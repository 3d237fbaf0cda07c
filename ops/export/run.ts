import { writeFileSync } from "node:fs";
import { toEml } from "../../dev/eml.ts";
import type { Api } from "./api.ts";
import type { Folder } from "./files.ts";

interface Account {
  id: string;
  company_id: number;
}

interface Address {
  name?: string;
  email: string;
}

interface Message {
  id: string;
  internet_message_id: string;
  from_address: string;
  from_name: string | null;
  to_addresses: Address[];
  cc_addresses: Address[] | null;
  bcc_addresses: Address[] | null;
  reply_to: Address[] | null;
  subject: string;
  body_html: string | null;
  body_text: string | null;
  sent_at: string;
  attachments: {
    id: string;
    filename: string;
    content_type: string;
    content_id: string | null;
    is_inline: boolean;
  }[];
}

interface Page {
  items: (object & { company_id?: number })[];
  next_cursor: string | null;
}

/** A list to read to its end, newest first. */
interface Step {
  name: string;
  kind: string;
  path: string;
}

/** Messages have whole bodies, so that a page of them can be large. */
const SIZES: Record<string, number> = { messages: 20 };

/**
 * Writes all that a member of a company can read: a file of JSON lines for companies, accounts, threads, messages, the
 * member's inbox, drafts, outbox and users, and a mail with its files per message. At most a page is in memory.
 * @param tell receives each step that is done
 */
export async function exportCompany(api: Api, folder: Folder, tell: (text: string) => void): Promise<void> {
  const { progress } = folder;
  const accounts = (await api.get<Account[]>("/accounts/")).filter(
    ({ company_id }) => company_id === progress.company,
  );
  const companies = await api.get<{ id: number }[]>("/companies/");
  if (!companies.some(({ id }) => id === progress.company))
    throw new Error(`The token does not name company ${progress.company}`);
  const isDone = ({ name }: Pick<Step, "name">) => progress.done.includes(name);
  const finish = (name: string) => {
    progress.done.push(name);
    Object.assign(progress, { step: null, cursor: null });
    folder.save();
    tell(name);
  };
  if (!isDone({ name: "accounts" })) {
    await folder.append(
      "companies",
      companies.filter(({ id }) => id === progress.company),
    );
    await folder.append("accounts", accounts);
    finish("accounts");
  }
  for (const step of stepsOf(progress.company, accounts)) {
    if (isDone(step)) continue;
    await readAll(api, folder, step);
    finish(step.name);
  }
}

function stepsOf(company: number, accounts: Account[]): Step[] {
  const ofAccount = ({ id }: Account): Step[] => [
    { name: `threads ${id}`, kind: "threads", path: `/threads/?account_id=${id}&folder=all` },
    { name: `inbox ${id}`, kind: "inbox", path: `/inbox/?account_id=${id}&folder=all` },
    {
      name: `archived ${id}`,
      kind: "inbox",
      path: `/inbox/?account_id=${id}&folder=all&is_archived=true`,
    },
    { name: `messages ${id}`, kind: "messages", path: `/messages/?account_id=${id}&folder=all` },
    { name: `drafts ${id}`, kind: "drafts", path: `/drafts/?account_id=${id}` },
  ];
  return [
    ...accounts.flatMap(ofAccount),
    { name: "outbox", kind: "outbox", path: "/outbox/?" },
    { name: "users", kind: "users", path: `/users/?company_id=${company}` },
  ];
}

async function readAll(api: Api, folder: Folder, { name, kind, path }: Step): Promise<void> {
  const { progress } = folder;
  let cursor = progress.step === name ? progress.cursor : null;
  do {
    const place = cursor === null ? "" : `&cursor=${cursor}`;
    const page = await api.get<Page>(`${path}&size=${SIZES[kind] ?? 100}${place}`);
    const items = page.items.filter(({ company_id = progress.company }) => company_id === progress.company);
    if (kind === "messages") for (const item of items) await writeMail(api, folder, item as Message);
    await folder.append(kind, items);
    cursor = page.next_cursor;
    Object.assign(progress, { step: name, cursor });
    // The last page is saved with the end of its step. Saved alone, without a cursor, the step would begin again.
    if (cursor !== null) folder.save();
  } while (cursor !== null);
}

/** Writes a mail as RFC 5322, with the bytes of its files. */
async function writeMail(api: Api, folder: Folder, message: Message): Promise<void> {
  const attachments = [];
  for (const { id, filename, content_type, content_id, is_inline } of message.attachments) {
    const content = await api.download(id);
    if (!content) folder.progress.missing.push(id);
    else
      attachments.push({
        ...{ filename, content, contentType: content_type, inline: is_inline },
        ...(content_id === null ? {} : { contentId: content_id.replace(/^<|>$/g, "") }),
      });
  }
  const { from_address: email, from_name, internet_message_id: messageId } = message;
  const eml = await toEml({
    from: { email, ...(from_name === null ? {} : { name: from_name }) },
    to: message.to_addresses,
    ...(message.cc_addresses ? { cc: message.cc_addresses } : {}),
    ...(message.bcc_addresses ? { bcc: message.bcc_addresses } : {}),
    ...(message.reply_to ? { replyTo: message.reply_to } : {}),
    ...(messageId ? { messageId } : {}),
    ...(message.body_html === null ? {} : { html: message.body_html }),
    ...(message.body_text === null ? {} : { text: message.body_text }),
    ...{
      subject: message.subject,
      date: Date.parse(message.sent_at),
      references: [],
      recipients: [],
      attachments,
    },
  });
  writeFileSync(folder.mailPath(message.id), eml);
}
