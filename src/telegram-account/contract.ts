// What the Worker `xabar` may ask of a Telegram account. It imports types only: the code runs in a script of its own.

/** Who a call is for. An account that belongs to another user answers `not_found`, or `account_exists` to a sign-in. */
export interface Caller {
  /** The Telegram id of the user of the API. */
  user: number;
  /** True to refuse to talk to Telegram itself: only a stand-in, which TELEGRAM_DC names, is asked. */
  isStandInOnly: boolean;
}

/** Refusals cross the boundary as values, since a thrown error loses its fields there. */
export interface Refusal<Code extends string> {
  ok: false;
  code: Code;
  /** For `flood_wait` and `slow_mode`: in how many seconds it may be tried again. */
  seconds?: number;
  /** Telegram's own name of the error in lower case, such as `chat_write_forbidden`, or ours. It has no secret. */
  reason: string;
}

export type Outcome<T, Code extends string> = ({ ok: true } & T) | Refusal<Code>;

/** `unavailable`: no api id, no session key, not allowed to talk to Telegram, or Telegram cannot be reached. */
export type SignInCode =
  | "account_exists"
  | "invalid_phone"
  | "flood_wait"
  | "code_unavailable"
  | "needs_2fa"
  | "invalid_code"
  | "invalid_password"
  | "expired"
  | "unavailable";

/** `signed_out`: Telegram has ended the session; its key is destroyed. `not_found`: the user has no such account. */
export type AccountCode = "signed_out" | "not_found" | "flood_wait" | "unavailable";

/** Why a group got no post. */
export type SendCode =
  /** The account is to wait, whatever the group. */
  | "flood_wait"
  /** Telegram limits the account: PEER_FLOOD. */
  | "peer_flood"
  /** This group wants more time between two posts. */
  | "slow_mode"
  /** The group refuses posts of this kind, or of everybody. */
  | "forbidden"
  /** The account may not write in this group: USER_BANNED_IN_CHANNEL. */
  | "banned"
  /** Left, kicked, migrated, or gone. */
  | "gone"
  /** A post costs stars. */
  | "paid"
  | "signed_out"
  /** Telegram takes this text or file from nobody. */
  | "content"
  /** Surely not posted: Telegram could not be reached, or the call never left. */
  | "unavailable"
  /** It may have been posted: the answer was lost. */
  | "unknown"
  | "not_found";

/** A group of an account that may write in it. */
export interface FoundGroup {
  /** As in the Bot API: `-id` of a basic group, `-1000000000000 - id` of a supergroup. */
  peer: number;
  title: string;
  /** Its first active user name; null for a private group. */
  username: string | null;
  /** What names the group to Telegram for this account alone, in decimal; null for a basic group. */
  accessHash: string | null;
  /** The basic group that has become this one. */
  formerPeer: number | null;
}

/** A picture or a video in R2. */
export interface Media {
  /** The key in ATTACHMENTS. It stands for the content: other content has another key. */
  key: string;
  kind: "image" | "video";
  type: string;
  /** In bytes. */
  size: number;
  width: number;
  height: number;
  /** Of a video, in seconds. */
  duration: number;
}

export interface Post {
  peer: number;
  accessHash: string | null;
  /** 64 bits in signed decimal. Telegram refuses a second post with the same one. */
  randomId: string;
  text: string;
  media: Media | null;
  /**
   * When it was tried before, in milliseconds since the epoch; null for the first try. The account then looks among the
   * group's last messages for its own one first.
   */
  triedAt: number | null;
}

/** The state of an account. `none`: nobody is signed in. */
export interface AccountState {
  state: "none" | "signed_in" | "signed_out";
  /** The Telegram id and the first name of who is signed in. */
  id: number | null;
  firstName: string | null;
}

/**
 * The Durable Object TelegramAccount, named by the phone in digits. One connection to Telegram, opened when it is needed
 * and closed some seconds after the last call. It knows nothing of mailings.
 */
export interface AccountApi extends Rpc.DurableObjectBranded {
  /** Asks Telegram to send a login code. At least 60 seconds apart, five a day. */
  sendCode(caller: Caller): Promise<Outcome<object, SignInCode>>;
  verifyCode(caller: Caller, code: string): Promise<Outcome<AccountState, SignInCode | "not_found">>;
  verifyPassword(caller: Caller, password: string): Promise<Outcome<AccountState, SignInCode | "not_found">>;
  /** What is known without asking Telegram. */
  state(caller: Caller): Promise<Outcome<AccountState, "not_found">>;
  /** All groups that the account may write in. Asks Telegram for every page of its dialogs. */
  groups(caller: Caller): Promise<Outcome<{ groups: FoundGroup[] }, AccountCode>>;
  send(caller: Caller, post: Post): Promise<Outcome<{ messageId: number | null }, SendCode>>;
  /** Forgets the account at once, also to anybody else's sign-in; Telegram's session is ended by alarm. Repeatable. */
  forget(caller: Caller): Promise<Outcome<object, "not_found">>;
  /** Tells whether the script can talk to Telegram at all, without doing so. */
  ready(caller: Caller): Promise<Outcome<object, "unavailable">>;
}
