import { DurableObject } from "cloudflare:workers";
import type {
  AccountApi,
  AccountCode,
  AccountState,
  Caller,
  FoundGroup,
  Outcome,
  Post,
  Refusal,
  SendCode,
  SignInCode,
} from "../../src/telegram-account/contract.ts";

type Method = Exclude<keyof AccountApi, keyof Rpc.DurableObjectBranded>;

/** What a call is answered in place of what the fake would say, once or several times. */
export interface Plan {
  method: Method;
  /** Only for posts to this group. */
  peer?: number;
  /** How many calls pass before. */
  skip?: number;
  /** 0 for always. */
  times?: number;
  refusal?: Refusal<string>;
  /** The call is done, but its answer never arrives: the call throws. */
  isLost?: boolean;
  /** The call is not done, and throws. */
  isBroken?: boolean;
  /** Waited for before the call is done, and before its answer. */
  before?: () => unknown;
  after?: () => unknown;
}

const NOBODY: AccountState = { state: "none", id: null, firstName: null };

/** What the script of the Telegram accounts would answer. Tests set its fields by `runInDurableObject`. */
export class TelegramAccount
  extends DurableObject<Env>
  implements Omit<AccountApi, keyof Rpc.DurableObjectBranded>
{
  user: number | null = null;
  known: AccountState = NOBODY;
  code = "12345";
  /** The password of two-step verification; null without. */
  password: string | null = null;
  found: FoundGroup[] = [];
  plans: Plan[] = [];
  calls: { method: Method; caller: Caller; args: unknown[] }[] = [];
  /** True if random ids are forgotten at once: then nothing but a look at the group finds an earlier post. */
  isForgetful = false;
  /** What was posted, with the time. */
  posts: (Post & { messageId: number; at: number })[] = [];
  #isCodeSent = false;
  #isCodeRight = false;

  async sendCode(caller: Caller) {
    return this.#call<object, SignInCode>("sendCode", caller, [], () => {
      if (this.known.state === "signed_in" || (this.user ?? caller.user) !== caller.user)
        return { ok: false, code: "account_exists", reason: "account_exists" };
      this.user = caller.user;
      this.#isCodeSent = true;
      return { ok: true };
    });
  }

  async verifyCode(caller: Caller, code: string) {
    return this.#call<AccountState, SignInCode | "not_found">("verifyCode", caller, [code], () => {
      if (!this.#isCodeSent) return { ok: false, code: "expired", reason: "no_code" };
      if (code !== this.code) return { ok: false, code: "invalid_code", reason: "phone_code_invalid" };
      this.#isCodeRight = true;
      if (this.password !== null) return { ok: false, code: "needs_2fa", reason: "session_password_needed" };
      return this.#signIn();
    });
  }

  async verifyPassword(caller: Caller, password: string) {
    return this.#call<AccountState, SignInCode | "not_found">("verifyPassword", caller, [password], () => {
      if (!this.#isCodeRight) return { ok: false, code: "expired", reason: "no_code" };
      if (password !== this.password)
        return { ok: false, code: "invalid_password", reason: "password_hash_invalid" };
      return this.#signIn();
    });
  }

  async state(caller: Caller) {
    return this.#call<AccountState, "not_found">("state", caller, [], () => ({ ok: true, ...this.known }));
  }

  async groups(caller: Caller) {
    return this.#call<{ groups: FoundGroup[] }, AccountCode>("groups", caller, [], () => ({
      ok: true,
      groups: this.found,
    }));
  }

  async send(caller: Caller, post: Post) {
    return this.#call<{ messageId: number | null }, SendCode>("send", caller, [post], () => {
      const before = this.posts.find(({ randomId }) => randomId === post.randomId);
      if (before && !(this.isForgetful && post.triedAt === null))
        return { ok: true, messageId: post.triedAt === null ? null : before.messageId };
      const messageId = this.posts.length + 1;
      this.posts.push({ ...post, messageId, at: Date.now() });
      return { ok: true, messageId };
    });
  }

  async forget(caller: Caller) {
    return this.#call<object, "not_found">("forget", caller, [], () => {
      this.user = null;
      this.known = NOBODY;
      return { ok: true };
    });
  }

  async ready(caller: Caller) {
    return this.#call<object, "unavailable">("ready", caller, [], () => ({ ok: true }));
  }

  #signIn() {
    this.known = { state: "signed_in", id: 1_000_000 + Number(this.ctx.id.name ?? 0), firstName: "Ali" };
    this.#isCodeSent = false;
    this.#isCodeRight = false;
    return { ok: true as const, ...this.known };
  }

  async #call<T, Code extends string>(
    method: Method,
    caller: Caller,
    args: unknown[],
    answer: () => Outcome<T, Code>,
  ): Promise<Outcome<T, Code>> {
    this.calls.push({ method, caller, args });
    const isForeign = this.user !== null && this.user !== caller.user;
    const isSignIn = method === "sendCode" || method === "ready";
    if (isForeign && !isSignIn) return { ok: false, code: "not_found" as Code, reason: "not_found" };
    const plan = this.#next(method, (args[0] as Partial<Post> | undefined)?.peer);
    await plan?.before?.();
    if (plan?.isBroken) throw new Error("The fake breaks before it has done anything");
    if (plan?.refusal) return plan.refusal as Refusal<Code>;
    const outcome = answer();
    await plan?.after?.();
    if (plan?.isLost) throw new Error("The fake loses its answer");
    return outcome;
  }

  #next(method: Method, peer: number | undefined): Plan | undefined {
    const fits = (plan: Plan) =>
      plan.method === method && (plan.peer === undefined || plan.peer === peer) && plan.times !== -1;
    const plan = this.plans.find(fits);
    if (!plan) return undefined;
    if (plan.skip) {
      plan.skip--;
      return undefined;
    }
    if (plan.times !== 0) plan.times = (plan.times ?? 1) - 1 || -1;
    return plan;
  }
}
