import { DurableObject } from "cloudflare:workers";
import { logged } from "../platform/log.ts";
import { checkLogin } from "./account/check.ts";
import { erase } from "./account/erase.ts";
import { close, configure } from "./account/settings.ts";
import { beginSignIn, finishSignIn } from "./account/sign-in.ts";
import { statusOf } from "./account/status.ts";
import { updateMessage } from "./changing/update.ts";
import type { MailboxContext } from "./context.ts";
import type {
  ListQuery,
  MailboxApi,
  MailboxSecrets,
  MailboxSettings,
  MessageChange,
  Outcome,
  OutgoingMail,
  Owner,
  ReadyMail,
  RelayServer,
  StoredFile,
} from "./contract.ts";
import type { MailboxEnv } from "./env.ts";
import { MailError, toRefusal } from "./errors.ts";
import { getMessage } from "./reading/detail.ts";
import { storeFile } from "./reading/files.ts";
import { listFolders } from "./reading/folders.ts";
import { listMessages } from "./reading/list.ts";
import { dueAt, runDue } from "./schedule.ts";
import { rewrap } from "./secrets/seal.ts";
import { runSends } from "./sending/deliver.ts";
import { saveDraft } from "./sending/drafts.ts";
import { acceptMail } from "./sending/journal.ts";
import { relay } from "./sending/relay.ts";
import { addUpload } from "./sending/uploads.ts";
import { checkOwner } from "./store/account.ts";
import { migrate } from "./store/migrations.ts";
import { requestSync } from "./sync/request.ts";
import { getTask } from "./tasks.ts";

/** One mailbox, named by its account's id: its rows, its connections to the mail servers, its work. */
export class Mailbox
  extends DurableObject<MailboxEnv>
  implements Omit<MailboxApi, keyof Rpc.DurableObjectBranded>
{
  readonly #mailbox: MailboxContext = {
    storage: this.ctx.storage,
    sql: this.ctx.storage.sql,
    env: this.env,
    wake: () => this.#wake(),
    waitUntil: (promise) => this.ctx.waitUntil(promise),
  };

  constructor(ctx: DurableObjectState, env: MailboxEnv) {
    super(ctx, env);
    migrate(ctx.storage);
  }

  configure(owner: Owner, settings: MailboxSettings, secrets?: MailboxSecrets) {
    return this.#answer(() => configure(this.#mailbox, owner, settings, secrets));
  }

  check(owner: Owner, settings: MailboxSettings, secrets?: MailboxSecrets) {
    return this.#answer(() => checkLogin(this.#mailbox, owner, settings, secrets));
  }

  beginSignIn(owner: Owner, settings: MailboxSettings, redirectUri: string) {
    return this.#answer(() => beginSignIn(this.#mailbox, owner, settings, redirectUri));
  }

  finishSignIn(owner: Owner, state: string, code: string) {
    return this.#answer(() => finishSignIn(this.#mailbox, owner, state, code));
  }

  status(owner: Owner) {
    return this.#own(owner, async (mailbox) => {
      await rewrap(mailbox);
      return { status: statusOf(mailbox) };
    });
  }

  close(owner: Owner) {
    return this.#own(owner, (mailbox) => close(mailbox));
  }

  erase(owner: Owner) {
    return this.#own(owner, (mailbox) => erase(mailbox, owner.accountId));
  }

  folders(owner: Owner) {
    return this.#own(owner, (mailbox) => listFolders(mailbox));
  }

  messages(owner: Owner, query: ListQuery) {
    return this.#own(owner, (mailbox) => listMessages(mailbox, query));
  }

  message(owner: Owner, messageId: string) {
    return this.#own(owner, async (mailbox) => ({ message: await getMessage(mailbox, messageId) }));
  }

  update(owner: Owner, messageId: string, change: MessageChange) {
    return this.#own(owner, async (mailbox) => ({
      message: await updateMessage(mailbox, messageId, change),
    }));
  }

  file(owner: Owner, attachmentId: string) {
    return this.#own(owner, async (mailbox) => ({ file: await storeFile(mailbox, attachmentId) }));
  }

  addUpload(owner: Owner, file: StoredFile) {
    return this.#own(owner, (mailbox) => ({ attachment: addUpload(mailbox, file) }));
  }

  sync(owner: Owner, scope: { force: boolean; folders: string[] }) {
    return this.#own(owner, async (mailbox) => ({ task: await requestSync(mailbox, scope) }));
  }

  task(owner: Owner, taskId: string) {
    return this.#own(owner, (mailbox) => ({ task: getTask(mailbox, taskId) }));
  }

  send(owner: Owner, mail: OutgoingMail, key: string | null) {
    return this.#own(owner, async (mailbox) => {
      const accepted = await acceptMail(mailbox, mail, key);
      // An alarm may be busy with a pass. Should this be cut off, the next one goes on with it.
      this.ctx.waitUntil(runSends(mailbox));
      return accepted;
    });
  }

  saveDraft(owner: Owner, mail: OutgoingMail, draftId: string | null) {
    return this.#own(owner, (mailbox) => saveDraft(mailbox, mail, draftId));
  }

  relay(server: RelayServer, mail: ReadyMail) {
    return this.#answer(() => relay(this.env, server, mail));
  }

  /** Runs what is due, and sets the alarm for what comes next. */
  override alarm(): Promise<void> {
    return logged("alarm", { mailbox: this.ctx.id.name ?? null }, async () => {
      try {
        await rewrap(this.#mailbox);
        await runDue(this.#mailbox);
      } finally {
        await this.#wake();
      }
    });
  }

  async #wake(): Promise<void> {
    const due = dueAt(this.#mailbox);
    if (due === null) return;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || due < set) await this.ctx.storage.setAlarm(due);
  }

  /** Answers the owner of the mailbox alone. */
  #own<T extends object>(
    owner: Owner,
    work: (mailbox: MailboxContext) => T | Promise<T>,
  ): Promise<Outcome<T>> {
    return this.#answer(() => {
      checkOwner(this.#mailbox, owner);
      return work(this.#mailbox);
    });
  }

  /** Turns what was refused into a value: thrown errors lose their fields on the way to the caller. */
  async #answer<T extends object>(work: () => T | Promise<T>): Promise<Outcome<T>> {
    try {
      return { ok: true, ...(await work()) };
    } catch (error) {
      if (error instanceof MailError) return toRefusal(error);
      throw error;
    }
  }
}
