import type {
  AuthCode,
  Grant,
  Notification,
  RememberedSend,
  Store,
  StoredFolder,
  StoredMessage,
  Webhook,
} from "./store.ts";
import { emptyStore, keepMessage, mailboxOf } from "./store.ts";

export interface SimSnapshot {
  random: number;
  clock_offset: number;
  last_sequence: number;
  application_id: string;
  grants: Grant[];
  messages: StoredMessage[];
  /** Base64, keyed by attachment id. */
  contents: Record<string, string>;
  webhooks: Webhook[];
  notifications: Notification[];
  sends: Record<string, RememberedSend>;
  folders: StoredFolder[];
  codes: AuthCode[];
  departed: Record<string, StoredMessage[]>;
}

/** Copies the store into a form that `JSON.stringify` preserves. */
export function takeSnapshot(store: Store): SimSnapshot {
  const mailboxes = [...store.mailboxes.values()];
  const contents = [...store.contents].map(([id, bytes]) => [id, Buffer.from(bytes).toString("base64")]);
  return structuredClone({
    random: store.random,
    clock_offset: store.clock_offset,
    last_sequence: store.last_sequence,
    application_id: store.application_id,
    grants: [...store.grants.values()],
    messages: mailboxes.flatMap((mailbox) => [...mailbox.messages.values()]),
    contents: Object.fromEntries(contents),
    webhooks: [...store.webhooks.values()],
    notifications: [...store.notifications.values()],
    sends: Object.fromEntries(store.sends),
    folders: mailboxes.flatMap((mailbox) => [...mailbox.folders.values()]),
    codes: [...store.codes.values()],
    departed: Object.fromEntries(store.departed),
  });
}

/** Rebuilds the store from a snapshot, which is not modified. */
export function fromSnapshot(snapshot: SimSnapshot): Store {
  const copy = structuredClone(snapshot);
  const store: Store = {
    ...emptyStore(0),
    random: copy.random,
    clock_offset: copy.clock_offset,
    last_sequence: copy.last_sequence,
    application_id: copy.application_id,
    grants: byId(copy.grants),
    webhooks: byId(copy.webhooks),
    notifications: byId(copy.notifications),
    sends: new Map(Object.entries(copy.sends)),
    codes: new Map(copy.codes.map((code) => [code.code, code])),
    departed: new Map(Object.entries(copy.departed)),
  };
  for (const message of copy.messages) keepMessage(store, message);
  for (const folder of copy.folders) mailboxOf(store, folder.grant_id).folders.set(folder.id, folder);
  for (const [id, base64] of Object.entries(copy.contents)) {
    store.contents.set(id, new Uint8Array(Buffer.from(base64, "base64")));
  }
  return store;
}

function byId<T extends { id: string }>(rows: T[]): Map<string, T> {
  return new Map(rows.map((row) => [row.id, row]));
}
