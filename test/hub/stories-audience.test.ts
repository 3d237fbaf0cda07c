import { describe, expect, it } from "vitest";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { type Audience, befriend, block, leave, seedStory } from "../support/hub-stories.ts";

// Who sees whose story by which door: a table of viewers, audiences, profiles and doors.

/** Each viewer is to somebody's story what its name says, whatever else it could be seen by. */
const VIEWERS = {
  stranger: {},
  "contact of the owner": { isContact: true },
  "person who has the owner as contact": { hasOwner: true },
  "marked person": { isMarked: true },
  "marked contact": { isContact: true, isMarked: true },
  "person whom the owner has blocked": { isContact: true, isMarked: true, blockedBy: "owner" },
  "person who has blocked the owner": { isContact: true, isMarked: true, blockedBy: "viewer" },
  staff: { isStaff: true },
} satisfies Record<string, Relation>;

interface Relation {
  isContact?: boolean;
  hasOwner?: boolean;
  isMarked?: boolean;
  blockedBy?: "owner" | "viewer";
  isStaff?: boolean;
}

const PROFILES = {
  open: {},
  private: { is_private: true },
  /** Its deletion has begun. */
  deleted: {},
} as const;

type Profile = keyof typeof PROFILES;

const AUDIENCES: Audience[] = ["public", "contact", "marked"];

/** The rule, once more and in other words. */
function sees({ isContact, isMarked, blockedBy }: Relation, audience: Audience, profile: Profile): boolean {
  if (blockedBy || profile === "deleted") return false;
  if (profile === "private" && !isContact) return false;
  return { public: true, contact: isContact === true, marked: isMarked === true }[audience];
}

const viewers: [Relation, Person][] = [];

async function createViewers(): Promise<void> {
  for (const relation of Object.values<Relation>(VIEWERS))
    viewers.push([relation, await createPerson({ is_staff: relation.isStaff ?? false })]);
}
await createViewers();

async function createOwner(profile: Profile): Promise<Person> {
  const owner = await createPerson(PROFILES[profile]);
  if (profile === "deleted") await leave(owner);
  for (const [relation, viewer] of viewers) {
    if (relation.isContact) await befriend(owner, viewer);
    if (relation.hasOwner) await befriend(viewer, owner);
    if (relation.blockedBy === "owner") await block(owner, viewer);
    if (relation.blockedBy === "viewer") await block(viewer, owner);
  }
  return owner;
}

const seedReaction = async (story: number, { id }: Person): Promise<number> =>
  (await hubDb
    .prepare(
      "INSERT INTO hub_story_reactions (story_id, user_id, reaction, reacted_at) VALUES (?, ?, '👍', 0) RETURNING id",
    )
    .bind(story, id)
    .first<number>("id"))!;

const cases = Object.keys(PROFILES).flatMap((profile) =>
  AUDIENCES.map((audience) => [profile as Profile, audience] as const),
);

describe.each(cases)("of an owner whose profile is %s, a story for %s", async (profile, audience) => {
  const owner = await createOwner(profile);
  const marked = viewers.filter(([{ isMarked }]) => isMarked).map(([, { id }]) => id);
  const story = await seedStory(owner, { audience, marked });
  const names = Object.keys(VIEWERS);

  it.each(names.map((name, index) => [name, index] as const))("%s: every door agrees", async (_, index) => {
    const [relation, viewer] = viewers[index]!;
    const isSeen = sees(relation, audience, profile);
    const status = (seen: number) => (isSeen ? seen : 404);

    const detail = await viewer.call("GET", `/api/stories/active/${story}/`);
    expect(detail.status, "detail").toBe(status(200));
    if (isSeen) {
      expect(detail.body).toMatchObject({ id: story, owner: { id: owner.id }, audience, is_active: true });
      expect(detail.body.marked, "only oneself").toEqual(relation.isMarked ? [viewer.id] : []);
    }

    const list = await viewer.call("GET", `/api/stories/active/${owner.id}/stories/`);
    const hidesOwner = relation.blockedBy !== undefined || profile === "deleted";
    expect(list.status, "the owner's list").toBe(hidesOwner ? 404 : 200);
    if (!hidesOwner) expect(list.body.map(({ id }: { id: number }) => id)).toEqual(isSeen ? [story] : []);

    for (const first of [201, 200]) {
      const viewed = await viewer.call("POST", "/api/stories/viewed/", { story });
      expect(viewed.status, "a view").toBe(status(first));
    }

    const reaction = await viewer.call("POST", "/api/stories/reaction/", { story, reaction: "❤️" });
    expect(reaction.status, "a reaction").toBe(status(201));
    const id = isSeen ? reaction.body.id : await seedReaction(story, viewer);
    const changed = await viewer.call("PATCH", `/api/stories/reaction/${id}/`, { reaction: "👎" });
    expect(changed.status, "another reaction").toBe(status(200));
    const removed = await viewer.call("DELETE", `/api/stories/reaction/${id}/`);
    expect(removed.status, "no reaction").toBe(status(204));
  });
});

describe("the owner's doors", async () => {
  const owner = await createOwner("open");
  const marked = viewers.filter(([{ isMarked }]) => isMarked).map(([, { id }]) => id);
  const story = await seedStory(owner, { marked });

  it.each(Object.keys(VIEWERS).map((name, index) => [name, index] as const))(
    "%s: no door of the owner opens",
    async (_, index) => {
      const [, viewer] = viewers[index]!;
      for (const [method, path] of [
        ["PATCH", `/api/stories/active/${story}/`],
        ["DELETE", `/api/stories/active/${story}/`],
        ["GET", `/api/stories/archive/${story}/`],
        ["DELETE", `/api/stories/archive/${story}/`],
        ["GET", `/api/stories/viewed/?story=${story}`],
        ["GET", `/api/stories/reaction/?story=${story}`],
      ] as const)
        expect(
          await viewer.call(method, path, method === "PATCH" ? { caption: "mine" } : undefined),
          `${method} ${path}`,
        ).toMatchObject({ status: 404, body: { error: "Resource not found" } });
    },
  );
});

describe("the owner", () => {
  it.each(cases.filter(([profile]) => profile !== "deleted"))(
    "sees their own, %s profile, for %s, with all who are marked",
    async (profile, audience) => {
      const owner = await createPerson(PROFILES[profile]);
      const marked = [await createPerson(), await createPerson()].map(({ id }) => id);
      const story = await seedStory(owner, { audience, marked });
      expect(await owner.call("GET", `/api/stories/active/${story}/`)).toMatchObject({
        status: 200,
        body: { marked },
      });
      for (const path of ["", `/${owner.id}/stories`])
        expect(await owner.call("GET", `/api/stories/active${path}/`)).toMatchObject({
          status: 200,
          body: [{ id: story, marked }],
        });
    },
  );

  it("does not find in `marked` who has blocked them, is blocked or has gone", async () => {
    const owner = await createPerson();
    const [kept, blocker, blocked, gone] = await Promise.all([1, 2, 3, 4].map(() => createPerson()));
    await leave(gone!);
    await block(blocker!, owner);
    await block(owner, blocked!);
    const marked = [kept, blocker, blocked, gone].map((person) => person!.id);
    const story = await seedStory(owner, { audience: "marked", marked });
    const { body } = await owner.call("GET", `/api/stories/active/${story}/`);
    expect(body.marked).toEqual([kept!.id]);
    // What was read can be written again.
    expect(await owner.call("PATCH", `/api/stories/active/${story}/`, body)).toMatchObject({ status: 400 });
    const { media: _, ...rest } = body;
    expect(await owner.call("PATCH", `/api/stories/active/${story}/`, rest)).toMatchObject({ status: 200 });
  });
});

describe("a narrower audience holds at once", () => {
  const open = async () => {
    const [owner, viewer] = [await createPerson(), await createPerson()];
    const story = await seedStory(owner);
    const look = () => viewer.call("GET", `/api/stories/active/${story}/`);
    expect(await look()).toMatchObject({ status: 200 });
    return { owner, viewer, story, look };
  };

  it("by PATCH, and a wider one too", async () => {
    const { owner, viewer, story, look } = await open();
    const change = (body: object) => owner.call("PATCH", `/api/stories/active/${story}/`, body);
    expect(await change({ audience: "contact" })).toMatchObject({ status: 200 });
    expect(await look()).toMatchObject({ status: 404 });
    expect(await change({ audience: "marked", marked: [viewer.id] })).toMatchObject({ status: 200 });
    expect(await look()).toMatchObject({ status: 200, body: { marked: [viewer.id] } });
    expect(await change({ marked: [] })).toMatchObject({ status: 200, body: { marked: [] } });
    expect(await look()).toMatchObject({ status: 404 });
  });

  it("by a private profile, and by a contact that ends", async () => {
    const { owner, viewer, look } = await open();
    await hubDb.prepare("UPDATE hub_users SET is_private = 1 WHERE id = ?").bind(owner.id).run();
    expect(await look()).toMatchObject({ status: 404 });
    await befriend(owner, viewer);
    expect(await look()).toMatchObject({ status: 200 });
    await hubDb.prepare("DELETE FROM hub_contacts WHERE owner_id = ?").bind(owner.id).run();
    expect(await look()).toMatchObject({ status: 404 });
  });

  it.each(["owner", "viewer"])("by a block of the %s", async (who) => {
    const { owner, viewer, look } = await open();
    await (who === "owner" ? block(owner, viewer) : block(viewer, owner));
    expect(await look()).toMatchObject({ status: 404 });
  });

  it("a view and a reaction of before stay the owner's to read, without blocked people", async () => {
    const { owner, viewer, story } = await open();
    await viewer.call("POST", "/api/stories/viewed/", { story });
    await viewer.call("POST", "/api/stories/reaction/", { story, reaction: "🔥" });
    await owner.call("PATCH", `/api/stories/active/${story}/`, { audience: "contact" });
    const lists = () =>
      Promise.all(
        ["viewed", "reaction"].map((door) => owner.call("GET", `/api/stories/${door}/?story=${story}`)),
      );
    expect(await lists()).toMatchObject([
      { status: 200, body: [{ viewer: viewer.id }] },
      { status: 200, body: [{ user: viewer.id, reaction: "🔥" }] },
    ]);
    await block(viewer, owner);
    expect((await lists()).map(({ body }) => body)).toEqual([[], []]);
  });
});
