import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { randomOf } from "../../node/support/random.ts";
import { waitFor } from "../../support/wait.ts";
import { mirrorOf, normalized, sync } from "../real/mirror.ts";
import type { ListedFolder } from "../real/script.ts";
import { apiOf } from "../support/sending.ts";
import { createMailbox } from "../support/server.ts";
import { answered, hurry, messagesOf, openSteady, settled } from "./steady.ts";
import { type Scene, STEPS } from "./steps.ts";

// The Durable Object dies, and connections are cut, at any moment of syncs, changes and sends. Nothing may be lost by it,
// and nothing doubled.

const { TEST_CHAOS } = env as unknown as { TEST_CHAOS: { seed: number; minutes: number } };
const ROUNDS = 100;
const MAILS = 30;

test("whenever the object dies, nothing is lost or doubled", { timeout: 3600_000 }, async () => {
  const { seed, minutes } = TEST_CHAOS;
  const random = randomOf(seed);
  const [server, friend] = [await createMailbox(), await createMailbox()];
  const scene: Scene = {
    random,
    server,
    friend,
    owner: await openSteady(server),
    sent: new Map(),
    last: new Map(),
    count: 0,
  };
  for (let nth = 0; nth < MAILS; nth++) await STEPS.deliver(scene);
  await sync(scene.owner);
  const first = new Map((await messagesOf(scene.owner)).map(({ letter, id }) => [letter, id]));
  expect(first.size).toBe(MAILS);

  const end = Date.now() + minutes * 60_000;
  for (let round = 0; round < ROUNDS || Date.now() < end; round++) {
    const steps = Object.values(STEPS);
    const wanted = new Set(Array.from({ length: 1 + random(3) }, () => steps[random(steps.length)]!));
    const work = Promise.all([...wanted].map((step) => step(scene)));
    await hurry(scene.owner);
    await scheduler.wait(random(120));
    await (random(3) ? abortAllDurableObjects() : server.disconnect());
    await work;
  }

  await settled(scene.owner);
  const told = `seed ${seed}`;
  const folders = await server.folders();
  const listed = folders.map(({ path, uidValidity, mails }) => ({
    path,
    uidvalidity: String(uidValidity),
    mails,
  }));
  const mirror = await mirrorOf(scene.owner);
  expect(normalized(mirror.map(onServer)), told).toEqual(normalized(listed));

  const messages = await messagesOf(scene.owner);
  expect(new Set(messages.map(({ letter }) => letter)).size, told).toBe(messages.length);
  for (const { letter, id } of messages) expect(first.get(letter) ?? id, `${told}: ${letter}`).toBe(id);
  await expectChanges(
    scene,
    messages.map(({ id }) => id),
    told,
  );
  await expectSends(scene, told);
});

/** Without what no server has: a mail that may have been sent stays here. */
const onServer = (folder: ListedFolder): ListedFolder => ({
  ...folder,
  mails: folder.mails.filter(({ uid }) => uid > 0),
});

/** The last change of each message that was not expunged is still there. */
async function expectChanges({ owner, last }: Scene, ids: string[], told: string): Promise<void> {
  for (const id of ids.filter((each) => last.has(each))) {
    const { message } = await answered(() => apiOf(owner).message(owner, id));
    expect(message, `${told}: ${id}`).toMatchObject(last.get(id)!);
  }
}

/** What was told of each mail is what became of it. */
async function expectSends({ owner, friend, server, sent }: Scene, told: string): Promise<void> {
  const subjectsIn = async (mailbox: Scene["server"], path: string) => {
    const { mails } = await mailbox.folder(path);
    const raws = await Promise.all(mails.map(({ uid }) => mailbox.raw(uid, path)));
    return raws.map((raw) => /^Subject: (.*)\r$/m.exec(new TextDecoder().decode(raw))?.[1] ?? "");
  };
  const received = await subjectsIn(friend, "INBOX");
  const times = (all: string[], subject: string) => all.filter((each) => each === subject).length;
  for (const [subject, taskId] of sent) {
    const { task } = await answered(() => apiOf(owner).task(owner, taskId));
    const what = `${told}: ${subject} is ${task.status} ${task.code}`;
    expect(["success", "failure"], what).toContain(task.status);
    const isSure = task.status === "success";
    expect(isSure ? [1] : [0, 1], what).toContain(times(received, subject));
    // The copy in Sent follows the success.
    await waitFor(async () =>
      expect(times(await subjectsIn(server, "Sent"), subject), what).toBe(isSure ? 1 : 0),
    );
    if (!isSure) expect(task.code, what).toBe("SEND_UNKNOWN");
  }
}
