import { DurableObject } from "cloudflare:workers";
import { cuid } from "../../src/lib/cuid.ts";
import type {
  Attachment,
  Folder,
  ListQuery,
  MailboxApi,
  MailboxSecrets,
  MailboxSettings,
  MailboxStatus,
  Message,
  MessageChange,
  MessageDetail,
  Outcome,
  OutgoingMail,
  Owner,
  ReadyMail,
  Refusal,
  RefusalCode,
  RelayServer,
  StoredFile,
  Task,
} from "../../src/mailbox/contract.ts";

/** How a server is named that makes the fake refuse: `tls-untrusted.refused.example` is TLS_UNTRUSTED. */
const REFUSED = ".refused.example";
/** A server that makes the fake throw, as a mailbox does whose script is absent. */
export const BROKEN_HOST = "broken.example";

const refusal = (code: RefusalCode, message = `The fake refuses: ${code}`): Refusal => ({
  ok: false,
  code,
  message,
});

type Sent = { mail: OutgoingMail; key: string | null; taskId: string; messageId: string };

/** What the script of the mailboxes would answer. Tests set its fields by `runInDurableObject`. */
export class Mailbox extends DurableObject<Env> implements Omit<MailboxApi, keyof Rpc.DurableObjectBranded> {
  owner: Owner | null = null;
  settings: MailboxSettings | null = null;
  /** All that it was ever given, by field. */
  secrets: MailboxSecrets = {};
  state: MailboxStatus = {
    ...{ state: "syncing", isSyncing: false, lastSyncAt: null, lastError: null },
    ...{ capabilities: [], keyId: "test" },
  };
  /** What every call is refused with, but for `configure` and `check`. */
  refusal: Refusal | null = null;
  /** True to throw in every call, as a mailbox that cannot be reached. */
  isBroken = false;
  calls: { method: string; args: unknown[] }[] = [];
  listed: Folder[] = [];
  mails: MessageDetail[] = [];
  uploads: StoredFile[] = [];
  sent: Sent[] = [];
  tasks = new Map<string, Task>();
  drafts = new Map<string, OutgoingMail>();
  signIns = new Map<string, MailboxSettings>();

  async configure(owner: Owner, settings: MailboxSettings, secrets?: MailboxSecrets) {
    return this.#open("configure", [owner, settings, secrets], settings, () => {
      if (this.owner && !this.#isOwner(owner)) return refusal("NOT_FOUND", "Account not found");
      if (settings.login.type === "password" && !secrets?.password && !this.secrets.password)
        return refusal("INVALID", "A password is missing");
      this.owner = owner;
      this.settings = settings;
      Object.assign(this.secrets, secrets);
      this.state = { ...this.state, state: settings.isEnabled ? "syncing" : "disabled", keyId: "test" };
      return { ok: true as const, status: this.state };
    });
  }

  async check(owner: Owner, settings: MailboxSettings, secrets?: MailboxSecrets) {
    return this.#open("check", [owner, settings, secrets], settings, () => ({
      ok: true as const,
      capabilities: ["IMAP4rev1", "IDLE"],
    }));
  }

  async beginSignIn(owner: Owner, settings: MailboxSettings, redirectUri: string) {
    return this.#open("beginSignIn", [owner, settings, redirectUri], settings, () => {
      const state = `${owner.accountId}.${cuid()}`;
      this.owner = owner;
      this.signIns.set(state, settings);
      const url = `https://consent.example/?state=${state}&redirect_uri=${encodeURIComponent(redirectUri)}`;
      return { ok: true as const, url, state };
    });
  }

  async finishSignIn(owner: Owner, state: string, code: string) {
    return this.#own("finishSignIn", [owner, state, code], () => {
      const settings = this.signIns.get(state);
      this.signIns.delete(state);
      if (!settings) return refusal("INVALID", "This sign-in is unknown, used or expired; start again");
      if (code !== "good") return refusal("OAUTH_FAILED", "The provider refused the code");
      this.settings = settings;
      this.secrets.refreshToken = `refresh-${code}`;
      return { ok: true as const, settings, status: this.state };
    });
  }

  async status(owner: Owner) {
    return this.#own("status", [owner], () => ({ ok: true as const, status: this.state }));
  }

  async close(owner: Owner) {
    return this.#own("close", [owner], () => {
      this.secrets = {};
      this.state = { ...this.state, state: "closed", keyId: null };
      return { ok: true as const };
    });
  }

  async erase(owner: Owner) {
    return this.#own("erase", [owner], () => {
      this.owner = null;
      return { ok: true as const };
    });
  }

  async folders(owner: Owner) {
    return this.#own("folders", [owner], () => ({ ok: true as const, folders: this.listed }));
  }

  async messages(owner: Owner, query: ListQuery) {
    return this.#own("messages", [owner, query], () => {
      if (!this.listed.some(({ id }) => id === query.folderId))
        return refusal("NOT_FOUND", "Folder not found");
      const found = this.mails.filter(
        (mail) =>
          mail.folderId === query.folderId &&
          (query.filter === "all" || mail.isRead === (query.filter === "read")),
      );
      const page = found.slice(query.offset, query.offset + query.limit);
      return { ok: true as const, messages: page.map(toMessage), total: found.length };
    });
  }

  async message(owner: Owner, id: string) {
    return this.#own("message", [owner, id], () => this.#found(id));
  }

  async update(owner: Owner, id: string, change: MessageChange) {
    return this.#own("update", [owner, id, change], () => {
      const found = this.#found(id);
      if (found.ok) Object.assign(found.message, change);
      return found;
    });
  }

  async file(owner: Owner, id: string) {
    return this.#own("file", [owner, id], () => {
      const { accountId } = owner;
      const attachment = this.mails.flatMap(({ attachments }) => attachments).find((each) => each.id === id);
      const upload = this.uploads.find(({ key }) => key.endsWith(`/${id}`));
      if (upload) return { ok: true as const, file: upload };
      if (!attachment) return refusal("NOT_FOUND", "Attachment not found");
      const { filename, mimeType, size } = attachment;
      return { ok: true as const, file: { key: `mail/${accountId}/${id}`, filename, mimeType, size } };
    });
  }

  async addUpload(owner: Owner, file: StoredFile) {
    return this.#own("addUpload", [owner, file], () => {
      this.uploads.push(file);
      const id = file.key.slice(file.key.lastIndexOf("/") + 1);
      const { filename, mimeType, size } = file;
      const attachment: Attachment = {
        ...{ id, messageId: "", filename, mimeType, size },
        ...{ contentId: null, isInline: false },
      };
      return { ok: true as const, attachment };
    });
  }

  async sync(owner: Owner, scope: { force: boolean; folders: string[] }) {
    return this.#own("sync", [owner, scope], () => {
      const running = [...this.tasks.values()].find(({ status }) => status !== "success");
      return { ok: true as const, task: running ?? this.#addTask(owner) };
    });
  }

  async task(owner: Owner, taskId: string) {
    return this.#own("task", [owner, taskId], () => {
      const task = this.tasks.get(taskId);
      return task ? { ok: true as const, task } : refusal("NOT_FOUND", "Task not found");
    });
  }

  async send(owner: Owner, mail: OutgoingMail, key: string | null) {
    return this.#own("send", [owner, mail, key], () => {
      const known = key === null ? undefined : this.sent.find((each) => each.key === key);
      if (known && JSON.stringify(known.mail) !== JSON.stringify(mail))
        return refusal("KEY_REUSED", "The key was used for another mail");
      const task = known ? this.tasks.get(known.taskId) : this.#addTask(owner);
      if (!task) return refusal("NOT_FOUND", "Task not found");
      const messageId = known?.messageId ?? cuid();
      if (!known) this.sent.push({ mail, key, taskId: task.taskId, messageId });
      return { ok: true as const, task, messageId, isReplayed: known !== undefined };
    });
  }

  async saveDraft(owner: Owner, mail: OutgoingMail, draftId: string | null) {
    return this.#own("saveDraft", [owner, mail, draftId], () => {
      if (draftId !== null && !this.drafts.delete(draftId)) return refusal("NOT_FOUND", "Draft not found");
      const id = cuid();
      this.drafts.set(id, mail);
      return { ok: true as const, draftId: id, createdAt: Date.now() };
    });
  }

  async relay(server: RelayServer, mail: ReadyMail) {
    this.#note("relay", [server, mail]);
    return this.refusal ?? { ok: true as const };
  }

  #found(id: string): Outcome<{ message: MessageDetail }> {
    const message = this.mails.find((mail) => mail.id === id);
    return message ? { ok: true, message } : refusal("NOT_FOUND", "Message not found");
  }

  #addTask({ accountId }: Owner): Task {
    const taskId = `${accountId}-${cuid()}`;
    const task: Task = { taskId, status: "pending", progress: 0, result: null, error: null, code: null };
    this.tasks.set(taskId, task);
    return task;
  }

  #isOwner({ accountId, tenantId, userId }: Owner): boolean {
    const { owner } = this;
    return owner?.accountId === accountId && owner.tenantId === tenantId && owner.userId === userId;
  }

  #note(method: string, args: unknown[]): void {
    this.calls.push({ method, args });
    if (this.isBroken) throw new Error("The fake is broken");
  }

  /** Calls that bring settings: the name of the server decides whether it is refused. */
  #open<T extends object>(
    method: string,
    args: unknown[],
    { incoming: { hostname } }: MailboxSettings,
    answer: () => Outcome<T>,
  ): Outcome<T> {
    this.#note(method, args);
    if (hostname === BROKEN_HOST) throw new Error(`Worker "xabar-mailbox" not found`);
    if (!hostname.endsWith(REFUSED)) return answer();
    const code = hostname.slice(0, -REFUSED.length).toUpperCase().replaceAll("-", "_");
    return refusal(code as RefusalCode);
  }

  #own<T extends object>(method: string, args: [Owner, ...unknown[]], answer: () => Outcome<T>): Outcome<T> {
    this.#note(method, args);
    if (!this.#isOwner(args[0])) return refusal("NOT_FOUND", "Account not found");
    return this.refusal ?? answer();
  }
}

function toMessage(mail: MessageDetail): Message {
  const {
    body,
    bodyHtml,
    headers,
    attachments,
    conversationId,
    folderIds,
    labelsSynced,
    isTruncated,
    ...message
  } = mail;
  return message;
}
