import { DurableObject } from "cloudflare:workers";
import { logged } from "../../platform/log.ts";
import { createContext } from "../context.ts";
import { listAccounts, removeAccount, resumeAccount, showAccount } from "./accounts.ts";
import { changeContent, expectFile } from "./content.ts";
import type { ContentChange, MailingCalls } from "./contract.ts";
import { erase } from "./erase.ts";
import { exclude, listGroups } from "./groups.ts";
import { listRuns, showRun } from "./runs.ts";
import { dueAt, runDue } from "./schedule.ts";
import { changeInterval, showMailing, showStatus, start, stop } from "./settings.ts";
import { sendCode, verifyCode, verifyPassword } from "./sign-in.ts";
import type { Scheduler } from "./state.ts";
import { requestSync } from "./sync.ts";
import { prepare } from "./tables.ts";

/** The Durable Object of one user of auto-mailing, named by the Telegram id: accounts, groups, the mailing, its runs. */
export class TelegramMailing
  extends DurableObject<Env>
  implements Omit<MailingCalls, keyof Rpc.DurableObjectBranded>
{
  readonly #scheduler: Scheduler = {
    user: Number(this.ctx.id.name),
    ctx: createContext(this.env, this.ctx),
    storage: this.ctx.storage,
    sql: this.ctx.storage.sql,
    wake: () => this.wake(),
    running: {},
  };

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    prepare(ctx.storage);
  }

  async status() {
    return showStatus(this.#scheduler);
  }

  async mailing() {
    return showMailing(this.#scheduler);
  }

  async accounts() {
    return listAccounts(this.#scheduler);
  }

  async account(phone: number) {
    return showAccount(this.#scheduler, phone);
  }

  sendCode(phone: number) {
    return sendCode(this.#scheduler, phone);
  }

  verifyCode(phone: number, code: string) {
    return verifyCode(this.#scheduler, phone, code);
  }

  verifyPassword(phone: number, password: string) {
    return verifyPassword(this.#scheduler, phone, password);
  }

  removeAccount(phone: number) {
    return removeAccount(this.#scheduler, phone);
  }

  resumeAccount(phone: number) {
    return resumeAccount(this.#scheduler, phone);
  }

  async groups() {
    return listGroups(this.#scheduler);
  }

  sync() {
    return requestSync(this.#scheduler);
  }

  async exclude(ids: number[]) {
    return exclude(this.#scheduler, ids);
  }

  async expectFile(key: string) {
    const isExpected = expectFile(this.#scheduler, key);
    await this.wake();
    return isExpected;
  }

  async changeContent(change: ContentChange) {
    const changed = changeContent(this.#scheduler, change);
    await this.wake();
    return changed;
  }

  async changeInterval(interval: { frequency: number; duration: number }) {
    return changeInterval(this.#scheduler, interval);
  }

  start(isSubscribed: boolean) {
    return start(this.#scheduler, isSubscribed);
  }

  stop() {
    return stop(this.#scheduler);
  }

  async runs(before: number | null, size: number) {
    return listRuns(this.#scheduler, before, size);
  }

  async run(id: number) {
    return showRun(this.#scheduler, id);
  }

  async wake() {
    const due = dueAt(this.#scheduler);
    if (due === null) return;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > due) await this.ctx.storage.setAlarm(due);
  }

  erase() {
    return erase(this.#scheduler);
  }

  /** Does what is due. It never fails: Cloudflare gives up an alarm that has failed six times. */
  override alarm(): Promise<void> {
    return logged("alarm", { user: this.#scheduler.user }, async () => {
      await runDue(this.#scheduler);
      await this.#rest();
    });
  }

  /** Replaces the watchdog of work that is done by the alarm for what is due next. */
  async #rest(): Promise<void> {
    const { storage } = this.ctx;
    const [due, set] = [dueAt(this.#scheduler), await storage.getAlarm()];
    if (due === null) await storage.deleteAlarm();
    else if (set === null || set > due || due > Date.now()) await storage.setAlarm(due);
  }
}
