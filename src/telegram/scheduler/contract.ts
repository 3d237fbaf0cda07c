import type { Media, Refusal, SignInCode } from "../../telegram-account/contract.ts";

// What routes ask of the object of one user. Times are in milliseconds since the epoch, lengths in seconds.

export interface Mailing {
  text: string;
  media: Media | null;
  frequency: number | null;
  duration: number | null;
  isActive: boolean;
  sentCount: number;
  maxRuns: number;
  nextRunAt: number | null;
  startedAt: number | null;
  endsAt: number | null;
  step: number;
  maxSteps: number;
}

export interface Status {
  accountsCount: number;
  groupsCount: number;
  mailing: Mailing;
}

export interface Account {
  phone: number;
  isActive: boolean;
  groupsCount: number;
}

export interface AccountDetail extends Account {
  state: "connecting" | "active" | "paused" | "signed_out";
  reason: string | null;
  /** When the pause ends by itself; null if it does not. */
  until: number | null;
}

export interface Group {
  id: number;
  title: string;
  username: string | null;
  isExcluded: boolean;
}

export interface Run {
  /** From 1, over all starts. */
  id: number;
  /** From 0, since its start. */
  number: number;
  plannedAt: number;
  beganAt: number | null;
  endedAt: number | null;
  sent: number;
  skipped: number;
  failed: number;
  unknown: number;
}

export interface Delivery {
  group: number;
  title: string;
  state: "sending" | "sent" | "skipped" | "failed" | "unknown";
  reason: string | null;
  phone: number | null;
  at: number | null;
  /** The address of the post in a public group. */
  link: string | null;
}

export type StartCode = "no_subscription" | "no_accounts" | "no_groups" | "no_content" | "no_interval";

/** What a PATCH changes: what is absent stays. */
export interface ContentChange {
  text?: string;
  media?: Media | { remove: Media["kind"][] };
}

/**
 * `content`: the text is too long beside a picture or video; `gone`: its file was not expected, or too long ago; `active`:
 * the mailing runs.
 */
export type Change = { ok: true; mailing: Mailing } | { ok: false; code: "content" | "gone" | "active" };

export type Removal = { ok: true } | Refusal<"not_found" | "unavailable">;

export type SignIn = { ok: true } | Refusal<SignInCode>;

/** The Durable Object TelegramMailing, named by the user's Telegram id: accounts, groups, the mailing and its runs. */
export interface MailingCalls extends Rpc.DurableObjectBranded {
  status(): Promise<Status>;
  mailing(): Promise<Mailing>;

  accounts(): Promise<Account[]>;
  account(phone: number): Promise<AccountDetail | null>;
  sendCode(phone: number): Promise<SignIn>;
  verifyCode(phone: number, code: string): Promise<SignIn>;
  verifyPassword(phone: number, password: string): Promise<SignIn>;
  removeAccount(phone: number): Promise<Removal>;
  /** Ends a pause. @returns false if the user has no such account */
  resumeAccount(phone: number): Promise<boolean>;

  groups(): Promise<Group[]>;
  /** Looks the groups up in the background, once at a time and at most once a minute. */
  sync(): Promise<void>;
  /** Keeps posts out of these groups, and of no others. @returns unknown ids: with any, nothing is changed */
  exclude(ids: number[]): Promise<number[]>;

  /** Announces a file before it is stored, so that it goes if nothing comes of it. @returns false for too many */
  expectFile(key: string): Promise<boolean>;
  changeContent(change: ContentChange): Promise<Change>;
  changeInterval(interval: { frequency: number; duration: number }): Promise<Change>;
  /** @param isSubscribed whether the subscription counts today */
  start(isSubscribed: boolean): Promise<{ ok: true; mailing: Mailing } | { ok: false; code: StartCode }>;
  stop(): Promise<Mailing>;

  /** Newest first. @param before an id of a run: only older ones */
  runs(before: number | null, size: number): Promise<Run[]>;
  run(id: number): Promise<{ run: Run; deliveries: Delivery[] } | null>;

  /** Sets the alarm, if it is gone. */
  wake(): Promise<void>;
  /** Signs all accounts out and erases everything. Repeatable. @returns false when it has to be tried again */
  erase(): Promise<boolean>;
}
