import { Long, type tl } from "@mtcute/core";
import type { Account, Chat, Medium, Message } from "./state.ts";
import { markedId } from "./state.ts";
import type { World } from "./world.ts";

// What an account sees of the world, as TL objects.

/** In seconds, as Telegram tells times. */
export const seconds = (at: number): number => Math.floor(at / 1000);

const MAY_NOT_WRITE: tl.RawChatBannedRights = {
  ...{ _: "chatBannedRights", sendMessages: true, sendMedia: true, sendPlain: true },
  ...{ sendPhotos: true, sendVideos: true, untilDate: 0 },
};

export function userView(world: World, viewer: Account, account: Account): tl.RawUser {
  const isSelf = viewer.phone === account.phone;
  return {
    ...{ _: "user", id: account.id, accessHash: world.accessHash(viewer, account.id) },
    ...{ firstName: account.firstName, status: { _: "userStatusRecently" } },
    // Of others, a phone is hidden.
    ...(isSelf ? { self: true, phone: account.phone } : {}),
  };
}

export function peerOf({ kind, id }: Chat): tl.TypePeer {
  if (kind === "user") return { _: "peerUser", userId: id };
  return kind === "group" ? { _: "peerChat", chatId: id } : { _: "peerChannel", channelId: id };
}

/** The person of a dialog that is no chat. */
const personView = (world: World, viewer: Account, { id, title, username }: Chat): tl.RawUser => ({
  ...{ _: "user", id, accessHash: world.accessHash(viewer, id), firstName: title },
  ...(username === null ? {} : { username }),
  status: { _: "userStatusRecently" },
});

const groupView = (world: World, viewer: Account, chat: Chat): tl.TypeChat => {
  const membership = chat.members[viewer.phone];
  if (membership === "kicked") return { _: "chatForbidden", id: chat.id, title: chat.title };
  const { migratedTo } = chat;
  return {
    ...{ _: "chat", id: chat.id, title: chat.title, photo: { _: "chatPhotoEmpty" } },
    ...{ participantsCount: membersOf(chat), date: seconds(chat.createdAt), version: 1 },
    ...(membership === "left" ? { left: true } : {}),
    ...(chat.isDeactivated || migratedTo !== null ? { deactivated: true } : {}),
    ...(chat.isReadOnly ? { defaultBannedRights: MAY_NOT_WRITE } : {}),
    ...(migratedTo === null ? {} : { migratedTo: inputChannel(world, viewer, migratedTo) }),
  };
};

const channelView = (world: World, viewer: Account, chat: Chat): tl.TypeChat => {
  const membership = chat.members[viewer.phone];
  const kind = chat.kind === "channel" ? { broadcast: true } : { megagroup: true };
  const accessHash = world.accessHash(viewer, markedId(chat));
  if (membership === "kicked") {
    return { _: "channelForbidden", ...kind, id: chat.id, accessHash, title: chat.title };
  }
  return {
    ...{ _: "channel", ...kind, id: chat.id, accessHash, title: chat.title },
    ...{ photo: { _: "chatPhotoEmpty" }, date: seconds(chat.createdAt), participantsCount: membersOf(chat) },
    ...(chat.username === null ? {} : { username: chat.username }),
    ...(membership === "left" || membership === undefined ? { left: true } : {}),
    ...(chat.isForum ? { forum: true } : {}),
    ...(chat.isGigagroup ? { gigagroup: true } : {}),
    ...(chat.slowMode > 0 ? { slowmodeEnabled: true } : {}),
    ...(chat.price > 0 ? { sendPaidMessagesStars: Long.fromNumber(chat.price) } : {}),
    ...(membership === "banned" ? { bannedRights: MAY_NOT_WRITE } : {}),
    ...(chat.isReadOnly ? { defaultBannedRights: MAY_NOT_WRITE } : {}),
  };
};

const membersOf = ({ members }: Chat): number =>
  Object.values(members).filter((membership) => membership === "member").length;

const inputChannel = (world: World, viewer: Account, id: number): tl.RawInputChannel => ({
  _: "inputChannel",
  channelId: id,
  accessHash: world.accessHash(viewer, markedId({ kind: "supergroup", id })),
});

export const chatView = (world: World, viewer: Account, chat: Chat): tl.TypeChat =>
  chat.kind === "group" ? groupView(world, viewer, chat) : channelView(world, viewer, chat);

/** The chats and the people that an answer speaks of. */
export function named(
  world: World,
  viewer: Account,
  chats: Chat[],
): { chats: tl.TypeChat[]; users: tl.TypeUser[] } {
  const people = chats.filter(({ kind }) => kind === "user");
  return {
    chats: chats.filter(({ kind }) => kind !== "user").map((chat) => chatView(world, viewer, chat)),
    users: [userView(world, viewer, viewer), ...people.map((chat) => personView(world, viewer, chat))],
  };
}

/** What a chat begins with, so that each has a message. */
export function firstMessage(chat: Chat): tl.TypeMessage {
  const base = { id: chat.firstMessageId, peerId: peerOf(chat), date: seconds(chat.createdAt) };
  if (chat.kind === "user")
    return { _: "message", ...base, fromId: peerOf(chat), message: "Assalomu alaykum" };
  const action: tl.TypeMessageAction =
    chat.kind === "group"
      ? { _: "messageActionChatCreate", title: chat.title, users: [] }
      : { _: "messageActionChannelCreate", title: chat.title };
  return { _: "messageService", ...base, action };
}

export function messageView(world: World, viewer: Account, chat: Chat, message: Message): tl.RawMessage {
  const medium = message.mediumId === null ? undefined : world.media.get(message.mediumId);
  return {
    ...{ _: "message", id: message.id, date: seconds(message.at), message: message.text },
    ...(message.phone === viewer.phone ? { out: true } : {}),
    fromId: { _: "peerUser", userId: world.accounts.get(message.phone)?.id ?? 0 },
    peerId: peerOf(chat),
    ...(medium ? { media: mediaView(world, viewer, medium) } : {}),
  };
}

/** An account's file references name the age of what they were given for. */
export const fileReference = ({ id }: Medium, { fileAge }: Account): Uint8Array =>
  new Uint8Array(Buffer.from(`${id}.${fileAge}`));

export function mediaView(world: World, viewer: Account, medium: Medium): tl.TypeMessageMedia {
  const base = {
    id: Long.fromString(medium.id),
    accessHash: world.accessHash(viewer, medium.id),
    fileReference: fileReference(medium, viewer),
    date: seconds(medium.uploadedAt),
    dcId: viewer.dc,
  };
  const { width: w = 0, height: h = 0, duration = 0, size, mimeType } = medium;
  if (medium.kind === "photo") {
    return {
      _: "messageMediaPhoto",
      photo: { _: "photo", ...base, sizes: [{ _: "photoSize", type: "x", w, h, size }] },
    };
  }
  const attributes: tl.TypeDocumentAttribute[] = [
    { _: "documentAttributeVideo", duration, w, h, supportsStreaming: true },
  ];
  return {
    ...{ _: "messageMediaDocument", video: true },
    document: { _: "document", ...base, mimeType, size, attributes },
  };
}
