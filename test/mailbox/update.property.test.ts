import fc from "fast-check";
import { expect, it } from "vitest";
import type { MessageChange } from "../../src/mailbox/contract.ts";
import { insideOf } from "./support/quiet.ts";
import { createMailbox, type MailServer, type Profile } from "./support/server.ts";
import { granted, openOps, syncedMailbox } from "./support/synced.ts";

type Account = Awaited<ReturnType<typeof syncedMailbox>>;

const NAMES = ["one", "two", "three", "four"];

/** What happens in a run. `of` is a message, by its number. */
type Step =
  | { by: "us"; of: number; change: MessageChange }
  | { by: "them"; of: number; act: "flag" | "unflag" | "move" | "delete"; flag: string; to: string }
  | { by: "server"; act: "renumber" | "cut" | "lose" | "refuse" }
  | { by: "pass" };

/** Objects without a prototype cannot be sent to a Durable Object. */
const PLAIN = { noNullPrototype: true };

const of = fc.integer({ min: 0, max: NAMES.length - 1 });
const ours = fc.record({
  by: fc.constant("us" as const),
  of,
  change: fc.oneof(
    fc.record({ isRead: fc.boolean() }, PLAIN),
    fc.record({ isStarred: fc.boolean() }, PLAIN),
    fc.record({ isSpam: fc.boolean() }, PLAIN),
    fc.record({ labels: fc.subarray(["Work", "Счёт", "home"]) }, PLAIN),
  ),
});
const theirs = fc.record({
  by: fc.constant("them" as const),
  of,
  act: fc.constantFrom("flag" as const, "unflag" as const, "move" as const, "delete" as const),
  flag: fc.constantFrom("\\Seen", "\\Flagged", "Work", "\\Answered"),
  to: fc.constantFrom("INBOX", "Junk", "Archive"),
});
const servers = fc.record({
  by: fc.constant("server" as const),
  act: fc.constantFrom("renumber" as const, "cut" as const, "lose" as const, "refuse" as const),
});
const STEPS = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: ours },
    { weight: 3, arbitrary: theirs },
    { weight: 2, arbitrary: fc.constant({ by: "pass" as const }) },
    { weight: 1, arbitrary: servers },
  ),
  { minLength: 3, maxLength: 14 },
);

const PROFILE = fc.constantFrom<Profile>(
  {},
  { sync: "condstore" },
  { sync: "none" },
  { lacks: ["UIDPLUS"] },
  { lacks: ["MOVE"] },
  { lacks: ["MOVE", "UIDPLUS"], sync: "none" },
  { objectIds: true },
);

const mailOf = (name: string): string =>
  `From: a@b.example\r\nSubject: ${name}\r\nMessage-ID: <${name}@b.example>\r\n\r\nText of ${name}\r\n`;

/** Where the server has a message. */
async function whereIs(server: MailServer, name: string): Promise<{ path: string; uid: number }[]> {
  const found = [];
  for (const { path, mails } of await server.folders()) {
    for (const { uid } of mails) {
      const raw = new TextDecoder().decode(await server.raw(uid, path));
      if (raw.includes(`Subject: ${name}\r\n`)) found.push({ path, uid });
    }
  }
  return found;
}

async function takeStep(server: MailServer, account: Account, ids: string[], step: Step): Promise<void> {
  if (step.by === "us") {
    const answer = await account.mailbox.update(account.owner, ids[step.of]!, step.change);
    // Another client may have deleted it.
    if (!answer.ok && answer.code !== "NOT_FOUND") granted(answer);
  }
  if (step.by === "them") {
    const [place] = await whereIs(server, NAMES[step.of]!);
    if (!place) return;
    if (step.act === "flag") await server.flag([place.uid], { add: [step.flag] }, place.path);
    if (step.act === "unflag") await server.flag([place.uid], { remove: [step.flag] }, place.path);
    if (step.act === "move" && place.path !== step.to) await server.move([place.uid], step.to, place.path);
    if (step.act === "delete") await server.expunge([place.uid], place.path);
  }
  if (step.by === "server") {
    if (step.act === "renumber") await server.renumber();
    if (step.act === "cut") await server.disconnect();
    const on = "UID STORE";
    if (step.act === "lose")
      await server.plan({ protocol: "imap", on: "UID MOVE", isLost: true, finally: "close" });
    if (step.act === "refuse") await server.plan({ protocol: "imap", on, answer: "NO [INUSE] Not now" });
  }
  if (step.by === "pass") await account.settle();
}

/** Where messages are, with their flags, as the mirror has it. */
const mirrored = (account: Account): Promise<string[]> =>
  insideOf(account.owner, (ctx) =>
    ctx.sql
      .exec<{ path: string; uid: number; is_read: number; flags: string }>(
        "SELECT f.path, p.uid, p.is_read, p.flags FROM places p JOIN folders f ON f.id = p.folder_id",
      )
      .toArray()
      .map(({ path, uid, is_read, flags }) => {
        const all = [...flags.split(" "), is_read ? "\\Seen" : ""].filter((flag) => flag !== "");
        return `${path} ${uid} ${all.sort().join(" ")}`;
      })
      .sort(),
  );

const onServer = async (server: MailServer): Promise<string[]> =>
  (await server.folders())
    .flatMap(({ path, mails }) =>
      mails.map(({ uid, flags }) => `${path} ${uid} ${[...flags].sort().join(" ")}`),
    )
    .sort();

/** What the mirror and the server do not agree on, after a pass. */
async function differences(server: MailServer, account: Account): Promise<string[]> {
  await account.settle();
  if ((await openOps(account.owner)) > 0) return ["a change is not made yet"];
  const [here, there] = [await mirrored(account), await onServer(server)];
  return [
    ...here.filter((each) => !there.includes(each)).map((each) => `only here: ${each}`),
    ...there.filter((each) => !here.includes(each)).map((each) => `only there: ${each}`),
  ];
}

/** A message that nobody else has touched. */
const outcomeOf = (changes: MessageChange[]) => {
  const { labels, ...flags } = Object.assign({ isRead: false, isStarred: false, isSpam: false }, ...changes);
  return { ...flags, labels: [...(labels ?? [])].sort(), labelsSynced: true };
};

/** Takes the steps, and fails unless mirror and server become one, with nothing lost or doubled. */
async function expectOne(profile: Profile, steps: Step[]): Promise<void> {
  const server = await createMailbox({ profile });
  await server.createFolder("Archive");
  await server.deliver(NAMES.map(mailOf));
  const account = await syncedMailbox(server);
  const messages = await account.list("INBOX");
  const ids = NAMES.map((name) => messages.find(({ subject }) => subject === name)!.id);
  for (const step of steps) await takeStep(server, account, ids, step);
  await server.clearFaults();
  await expect.poll(() => differences(server, account), { timeout: 30_000 }).toEqual([]);
  for (const [at, name] of NAMES.entries()) {
    const places = await whereIs(server, name);
    const foreign = steps.filter((step) => step.by === "them" && step.of === at);
    const isDeleted = foreign.some((step) => step.by === "them" && step.act === "delete");
    expect(places).toHaveLength(isDeleted ? 0 : 1);
    if (foreign.length > 0) continue;
    const changes = steps.flatMap((step) => (step.by === "us" && step.of === at ? [step.change] : []));
    expect(await account.read(ids[at]!)).toMatchObject(outcomeOf(changes));
  }
}

it("a move is not lost when its message gets the UID of another", () =>
  expectOne({}, [
    { by: "them", of: 0, act: "move", flag: "\\Seen", to: "Junk" },
    { by: "us", of: 1, change: { isSpam: true } },
    { by: "server", act: "renumber" },
  ]));

it("whatever we, another client and the server do, mirror and server become one, and nothing is lost or doubled", async () => {
  await fc.assert(
    fc.asyncProperty(PROFILE, STEPS, (profile, steps) => expectOne(profile, steps as Step[])),
    { numRuns: 12 },
  );
});
