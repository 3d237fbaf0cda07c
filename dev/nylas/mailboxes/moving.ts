import type { Provider } from "../store/ids.ts";
import { objectId, protocolOf } from "../store/ids.ts";
import type { Grant, StoredMessage } from "../store/store.ts";
import { keepMessage, mailboxOf } from "../store/store.ts";
import type { World } from "../store/world.ts";

/** Removes the mailbox of a deleted grant. The provider keeps its messages. */
export function moveOut({ store }: World, grant: Grant): void {
  store.departed.set(departedKey(grant), [...mailboxOf(store, grant.id).messages.values()]);
  store.mailboxes.delete(grant.id);
}

/** Fills the mailbox of a new grant with the messages that the provider has, without notifications. */
export function moveIn({ store }: World, grant: Grant): void {
  const messages = store.departed.get(departedKey(grant)) ?? [];
  store.departed.delete(departedKey(grant));
  const idOf = renamed(store, grant.provider);
  for (const message of messages) keepMessage(store, adopted(message, grant, idOf));
}

// Nylas: on IMAP, message and thread ids depend on the grant; elsewhere they are the provider's.
function renamed(store: World["store"], provider: Provider): (id: string) => string {
  const ids = new Map<string, string>();
  return (id) => {
    if (protocolOf(provider) !== "imap") return id;
    const known = ids.get(id) ?? objectId(store, provider);
    ids.set(id, known);
    return known;
  };
}

function adopted(message: StoredMessage, grant: Grant, idOf: (id: string) => string): StoredMessage {
  return {
    ...message,
    id: idOf(message.id),
    thread_id: idOf(message.thread_id),
    grant_id: grant.id,
    attachments: message.attachments.map((attachment) => ({ ...attachment, grant_id: grant.id })),
  };
}

function departedKey({ provider, email }: Grant): string {
  return `${provider} ${email.toLowerCase()}`;
}
