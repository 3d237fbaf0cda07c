import type { MessageChange, Owner } from "../../../src/mailbox/contract.ts";
import { apiOf, mailTo } from "../support/sending.ts";
import type { MailServer } from "../support/server.ts";
import { answered, messagesOf } from "./steady.ts";

/** What the steps work on. */
export interface Scene {
  /** A whole number from 0 to below its argument. */
  random: (below: number) => number;
  server: MailServer;
  friend: MailServer;
  owner: Owner;
  /** The task of each mail, by subject. */
  sent: Map<string, string>;
  /** The last change that was made to each message, by id. */
  last: Map<string, MessageChange>;
  /** Of letters so far. */
  count: number;
}

const letterOf = (nth: number) =>
  `From: Ann <ann@demo.example>\nTo: sardor@demo.example\nSubject: Mail ${nth}\n` +
  `Message-ID: <${nth}@demo.example>\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n\nBody ${nth}\n`;

/** Not Sent: its mails are counted. */
const FOLDERS = ["INBOX", "Drafts", "Trash"];

/** What happens to a mailbox: by another client, or by its owner here. */
export const STEPS = {
  deliver: async (scene: Scene) => {
    await scene.server.deliver(letterOf(scene.count++));
  },

  /** Another client moves mails: they keep their ids. */
  move: async ({ server, random }: Scene) => {
    const [from, to] = [pick(random, FOLDERS), pick(random, FOLDERS)];
    const uids = uidsOf(await server.folder(from), random).slice(0, 3);
    if (from !== to && uids.length > 0) await elsewhere(server.move(uids, to, from));
  },

  answer: async ({ server, random }: Scene) => {
    const uids = uidsOf(await server.folder(), random);
    if (uids.length > 0) await elsewhere(server.flag(uids.slice(0, 2), { add: ["\\Answered"] }));
  },

  expunge: async ({ server, random }: Scene) => {
    const uids = uidsOf(await server.folder("Trash"), random);
    if (uids.length > 0) await elsewhere(server.expunge(uids.slice(0, 1), "Trash"));
  },

  change: async ({ owner, random, last }: Scene) => {
    const message = await anyLetter(owner, random);
    if (!message) return;
    const change = { isRead: random(2) === 0, isStarred: random(2) === 0 };
    const answer = await tried(() => apiOf(owner).update(owner, message.id, change));
    if (answer) last.set(message.id, { ...last.get(message.id), ...change });
  },

  /** To Junk, or back into the inbox. */
  junk: async ({ owner, random }: Scene) => {
    const message = await anyLetter(owner, random);
    if (message) await tried(() => apiOf(owner).update(owner, message.id, { isSpam: random(3) === 0 }));
  },

  /** With the same key until it is accepted. */
  send: async ({ owner, friend, sent, count, random }: Scene) => {
    const subject = `Send ${count} ${sent.size} ${random(1e9)}`;
    const key = crypto.randomUUID();
    const mail = mailTo([friend.address], { subject });
    const { task } = await answered(() => apiOf(owner).send(owner, mail, key));
    sent.set(subject, task.taskId);
  },

  sync: async ({ owner }: Scene) => {
    await tried(() => apiOf(owner).sync(owner, { force: false, folders: [] }));
  },
};

async function anyLetter(owner: Owner, random: Scene["random"]) {
  const letters = (await messagesOf(owner)).filter(({ letter }) => letter.endsWith("@demo.example"));
  return letters[random(letters.length)];
}

/** Another client may find that a message has just been moved. */
async function elsewhere(work: Promise<unknown>): Promise<void> {
  await work.catch((error) => {
    if (!/has no message/.test(String(error))) throw error;
  });
}

/** Undefined for a message that has just been expunged. */
async function tried<Answer extends object>(call: Parameters<typeof answered<Answer>>[0]) {
  try {
    return await answered(call);
  } catch (error) {
    if (/NOT_FOUND/.test(String(error))) return undefined;
    throw error;
  }
}

const pick = (random: Scene["random"], items: string[]): string => items[random(items.length)] ?? "";

function uidsOf({ mails }: { mails: { uid: number }[] }, random: Scene["random"]): number[] {
  return mails.slice(random(mails.length)).map(({ uid }) => uid);
}
