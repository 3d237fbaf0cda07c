import { expect } from "vitest";
import type { NewChat, Posted } from "../../../dev/telegram/contract.ts";
import type { FoundGroup, Media, Post } from "../../../src/telegram-account/contract.ts";
import { bindings, signedIn } from "./account.ts";
import { ask, standIn } from "./stand-in.ts";

export type Person = Awaited<ReturnType<typeof signedIn>>;

/** Makes a chat of which the people are members. @returns its id in the Bot API */
export async function newChat(people: Person[], chat: Partial<NewChat> = {}): Promise<number> {
  const members = people.map(({ phone }) => phone);
  const { chats } = await standIn.addChats({ title: "Yuk", kind: "supergroup", members, ...chat });
  return chats[0]?.id ?? 0;
}

/** Changes a chat: its rules, or who is in it. */
export const changeChat = (id: number, changes: object) => ask<object>("PATCH", `/chats/${id}`, changes);

/** What was posted in a chat. */
export const postsIn = (chat: number) => ask<Posted[]>("GET", `/chats/${chat}/messages`);

/** Makes a basic group a supergroup. @returns its new id */
export const migrate = async (chat: number) =>
  (await ask<{ id: number }>("POST", `/chats/${chat}/migrate`)).id;

/** The groups that an account finds. */
export async function groupsOf({ account, caller }: Person): Promise<FoundGroup[]> {
  const outcome = await account.groups(caller);
  expect(outcome).toMatchObject({ ok: true });
  return outcome.ok ? outcome.groups : [];
}

/** Somebody with groups, in their order. */
export async function memberOf(...chats: Partial<NewChat>[]) {
  const person = await signedIn();
  const ids: number[] = [];
  for (const chat of chats) ids.push(await newChat([person], chat));
  const found = new Map((await groupsOf(person)).map((group) => [group.peer, group]));
  return {
    ...person,
    groups: ids.map((id) => ({ peer: id, accessHash: found.get(id)?.accessHash ?? null })),
  };
}

/** A post with a random id of its own. */
export const newPost = (group: Pick<Post, "peer" | "accessHash">, changes: Partial<Post> = {}): Post => ({
  ...group,
  randomId: `${crypto.getRandomValues(new BigInt64Array(1))[0]}`,
  text: "Yuk bor Toshkent-Moskva",
  media: null,
  triedAt: null,
  ...changes,
});

/** Puts a file into R2. */
export async function newFile(bytes: Uint8Array, file: Partial<Media> = {}): Promise<Media> {
  const key = `telegram/${crypto.randomUUID()}`;
  await bindings.ATTACHMENTS.put(key, bytes);
  const size = { width: 640, height: 480, duration: 0 };
  return { key, kind: "image", type: "image/png", size: bytes.length, ...size, ...file };
}

/** A PNG of a size, as its head tells it. */
export function png(width: number, height: number, length = 100): Uint8Array {
  const bytes = new Uint8Array(length).fill(7);
  bytes.set(Uint8Array.fromHex("89504e470d0a1a0a0000000d49484452"));
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

/** Bytes in which no two parts are alike. */
export function video(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536)
    crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, length)));
  return bytes;
}
