import { createHash, randomBytes, randomInt } from "node:crypto";
import { Long } from "@mtcute/core";
import type { NewChat, NewUser, Posted } from "../contract.ts";
import { type AuthKey, type Caller, RpcError } from "../wire/handler.ts";
import { Faults } from "./faults.ts";
import {
  type Account,
  type Chat,
  type Medium,
  type Membership,
  type Message,
  markedId,
  type WorldSnapshot,
} from "./state.ts";
import { Uploads } from "./uploads.ts";

/** The control API asks for something that the world does not have, or already has. */
export class Refusal extends Error {}

export interface WorldOptions {
  snapshot?: WorldSnapshot | undefined;
  /** Those with which phones of the snapshot are still signed in. */
  keys?: Iterable<AuthKey>;
  /** In milliseconds since the epoch. */
  now?: () => number;
}

/** What Telegram knows: people, chats and what was posted. */
export class World {
  readonly accounts = new Map<string, Account>();
  /** By marked id. */
  readonly chats = new Map<number, Chat>();
  readonly media = new Map<string, Medium>();
  readonly faults = new Faults();
  readonly uploads = new Uploads();
  readonly now: () => number;
  /** All keys with which a phone is or was signed in. */
  readonly #keys = new Map<string, Set<AuthKey>>();
  readonly #secret: string;
  /** The random ids of each phone's posts. */
  readonly #randomIds = new Map<string, Set<string>>();
  #lastId: number;
  #lastMessageId: number;

  constructor({ snapshot, keys = [], now = Date.now }: WorldOptions = {}) {
    this.now = now;
    this.#secret = snapshot?.secret ?? randomBytes(16).toString("hex");
    this.#lastId = snapshot?.lastId ?? 1_500_000_000;
    this.#lastMessageId = snapshot?.lastMessageId ?? 100;
    const { accounts = [], chats = [], media = [] } = structuredClone(snapshot) ?? {};
    for (const account of accounts) this.accounts.set(account.phone, account);
    for (const key of keys) {
      const account = key.phone === null ? undefined : this.accounts.get(key.phone);
      if (account) this.enter(account, key);
    }
    for (const medium of media) this.media.set(medium.id, medium);
    for (const chat of chats) {
      this.chats.set(markedId(chat), chat);
      for (const message of chat.messages) this.#remember(message);
    }
  }

  /** Copies all that outlives the process. Half an upload does not. */
  snapshot(): WorldSnapshot {
    return structuredClone({
      secret: this.#secret,
      lastId: this.#lastId,
      lastMessageId: this.#lastMessageId,
      accounts: [...this.accounts.values()],
      chats: [...this.chats.values()],
      media: [...this.media.values()],
    });
  }

  /** @throws Refusal for a phone that is taken */
  addUser(user: NewUser): Account {
    const { phone, firstName = "Ali", password = null, dc = 2, isRegistered = true, codeNeeds = null } = user;
    const known = this.accounts.get(phone);
    // A phone that once asked for a code, and nothing more, may still become somebody's.
    if (known?.isRegistered) throw new Refusal(`The phone ${phone} is somebody's already`);
    const account: Account = {
      ...{ phone, id: known?.id ?? this.#nextId(), firstName, dc, password, isRegistered },
      ...{ isBanned: false, isDeactivated: false, code: null, fileAge: 0 },
      ...{ codeNeeds, codesSent: 0, uploads: 0, messagesToPeople: 0, calls: known?.calls ?? {} },
    };
    this.accounts.set(phone, account);
    return account;
  }

  /** @throws Refusal for a member that there is not */
  addChat({ title, kind, username = null, members, ...rest }: NewChat): Chat {
    const memberships: Chat["members"] = {};
    const join = (phones: string[], as: Membership) => {
      for (const phone of phones) memberships[this.account(phone).phone] = as;
    };
    join(members, "member");
    join(rest.left ?? [], "left");
    join(rest.kicked ?? [], "kicked");
    join(rest.banned ?? [], "banned");
    const id = this.#nextId();
    const chat: Chat = {
      ...{ kind, id, title, username, createdAt: this.now(), members: memberships, messages: [] },
      isForum: rest.isForum ?? false,
      isGigagroup: rest.isGigagroup ?? false,
      isArchived: rest.isArchived ?? false,
      isPinned: rest.isPinned ?? false,
      isReadOnly: rest.isReadOnly ?? false,
      isClosed: rest.isClosed ?? false,
      isDeactivated: rest.isDeactivated ?? false,
      ...{ slowMode: rest.slowMode ?? 0, price: rest.price ?? 0, migratedTo: null },
      firstMessageId: this.#nextMessageId(kind, undefined),
    };
    this.chats.set(markedId(chat), chat);
    return chat;
  }

  /** Makes a supergroup of a group. @throws Refusal for any other chat */
  migrate(chat: Chat): Chat {
    if (chat.kind !== "group" || chat.migratedTo !== null)
      throw new Refusal("Only a group can migrate, once");
    const successor = this.addChat({ title: chat.title, kind: "supergroup", members: [] });
    successor.members = { ...chat.members };
    chat.migratedTo = successor.id;
    return successor;
  }

  /** @throws Refusal if there is no such phone */
  account(phone: string): Account {
    const account = this.accounts.get(phone);
    if (!account) throw new Refusal(`There is no phone ${phone}`);
    return account;
  }

  /** Signs an account in with a key. */
  enter({ phone }: Account, key: AuthKey): void {
    key.phone = phone;
    key.pendingPhone = null;
    this.#keys.set(phone, (this.#keys.get(phone) ?? new Set()).add(key));
  }

  /** Ends all sessions of a phone. */
  revoke(phone: string): void {
    for (const key of this.#keys.get(phone) ?? []) if (key.phone === phone) key.phone = null;
  }

  /** The sessions of a phone now, their connections, and the most that one key has had at a time. */
  sessionsOf(phone: string): { signedIn: number; openConnections: number; mostConnections: number } {
    const keys = [...(this.#keys.get(phone) ?? [])];
    const valid = keys.filter((key) => key.phone === phone && !key.isForgotten);
    return {
      signedIn: valid.length,
      openConnections: keys.reduce((sum, { open }) => sum + open, 0),
      mostConnections: Math.max(0, ...keys.map(({ most }) => most)),
    };
  }

  /** Who calls. @throws RpcError if nobody is signed in, or no longer may be */
  signedIn({ key }: Caller): Account {
    const account = key.phone === null ? undefined : this.accounts.get(key.phone);
    if (!account) throw new RpcError(401, "AUTH_KEY_UNREGISTERED");
    if (account.isBanned) throw new RpcError(401, "USER_DEACTIVATED_BAN");
    if (account.isDeactivated) throw new RpcError(401, "USER_DEACTIVATED");
    return account;
  }

  /** Telegram gives each account a hash of its own for the same object. @param name such as a chat's marked id */
  accessHash(account: Account, name: number | string): Long {
    const digest = createHash("sha256").update(`${this.#secret}:${account.phone}:${name}`).digest();
    return Long.fromBytesLE([...digest.subarray(0, 8)]);
  }

  hasPosted(account: Account, randomId: string): boolean {
    return this.#randomIds.get(account.phone)?.has(randomId) ?? false;
  }

  post(chat: Chat, message: Omit<Message, "id" | "at">): Message {
    const posted = { ...message, id: this.#nextMessageId(chat.kind, chat), at: this.now() };
    chat.messages.push(posted);
    this.#remember(posted);
    return posted;
  }

  /** A message as the control API tells it. */
  told({ mediumId, ...message }: Message): Posted {
    const medium = mediumId === null ? undefined : this.media.get(mediumId);
    if (!medium) return { ...message, media: null };
    const { id, mimeType, uploadedAt, ...media } = medium;
    return { ...message, media };
  }

  #remember({ phone, randomId }: Message): void {
    const known = this.#randomIds.get(phone) ?? new Set();
    this.#randomIds.set(phone, known.add(randomId));
  }

  /** Ids have gaps, as Telegram's do. */
  #nextId(): number {
    this.#lastId += randomInt(1, 50);
    return this.#lastId;
  }

  /** A channel counts its messages; those of all other chats are counted together. */
  #nextMessageId(kind: Chat["kind"], chat: Chat | undefined): number {
    if (kind === "group" || kind === "user") return ++this.#lastMessageId;
    return chat ? (chat.messages.at(-1)?.id ?? chat.firstMessageId) + 1 : 1;
  }
}
