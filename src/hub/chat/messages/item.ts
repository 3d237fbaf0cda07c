import { isoOf } from "../../../lib/time.ts";
import { type Card, type CardRow, toCard } from "../../people/card.ts";
import { nobody } from "../cards.ts";
import type { StoredMessage } from "../contract.ts";
import type { Attachment } from "../files/attachments.ts";

/** A message, as history and events have it. */
export interface Item {
  id: string;
  room: string;
  sender: Card;
  text: string;
  reply_to: string | null;
  attachments: Attachment[];
  is_edited: boolean;
  created_at: string;
  update_at: string;
  /** True where a block withholds the content. */
  is_hidden?: true;
}

/** Who looks at a message, and what a block between them and its sender withholds. */
export interface View {
  /** The module's public base URL. */
  origin: string;
  /** One of the two has blocked the other: the sender's names and picture are withheld. */
  isApart: boolean;
  /** The content is withheld, too. */
  isHidden: boolean;
}

/**
 * Makes an item.
 * @param card of the sender; undefined if the account is gone
 * @param attachments of its files: files that are gone are left out
 */
export function toItem(
  message: StoredMessage,
  room: string,
  card: CardRow | undefined,
  attachments: ReadonlyMap<number, Attachment>,
  { origin, isApart, isHidden }: View,
): Item {
  const { id, sender, at, editedAt } = message;
  const files = message.files.flatMap((file) => attachments.get(file) ?? []);
  return {
    ...{ id, room },
    sender: card && !isApart ? toCard(card, origin) : nobody(sender),
    text: isHidden ? "" : message.text,
    reply_to: message.replyTo,
    attachments: isHidden ? [] : files.map((file) => ({ ...file, file: origin + file.file })),
    is_edited: editedAt !== null,
    created_at: isoOf(at),
    update_at: isoOf(editedAt ?? at),
    ...(isHidden ? { is_hidden: true } : {}),
  };
}
