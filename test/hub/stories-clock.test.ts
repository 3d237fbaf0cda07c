import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { observedD1 } from "../../dev/worker/observed-d1.ts";
import { createContext } from "../../src/hub/context.ts";
import { listOf, listOwn } from "../../src/hub/stories/find.ts";
import { listViews, markViewed } from "../../src/hub/stories/views.ts";
import { call } from "../support/client.ts";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { befriend, contextOf, seedStory, signInAgain } from "../support/hub-stories.ts";
import { png } from "../support/pictures.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SECOND = 1000;

const START = Date.UTC(2026, 10, 2, 12, 0, 0);

const at = (time: number): void => void vi.setSystemTime(time);

/** The numbers from 1, as a table of SQL. */
const series = (most: number): string =>
  `(WITH RECURSIVE series(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM series WHERE value < ${most})
    SELECT value FROM series)`;

const look = (url: string) => call(null, "GET", url.slice(new URL(url).origin.length));

describe("a story's 24 hours", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
  afterEach(() => void vi.useRealTimers());

  /** The owner and a viewer, a story, and the viewer's reaction to it. */
  async function publish() {
    const [owner, viewer] = [await createPerson(), await createPerson()];
    const media = new File([png()], "x.png");
    const { status, body } = await owner.form("POST", "/api/stories/active/", { media });
    expect(status).toBe(201);
    const story: number = body.id;
    const reaction = await viewer.call("POST", "/api/stories/reaction/", { story, reaction: "👍" });
    return { owner, viewer, story, reaction: reaction.body.id as number };
  }

  const signIn = (...people: Person[]) => Promise.all(people.map(signInAgain));

  it("at 23:59:59 every door is open", async () => {
    const { owner, viewer, story, reaction } = await publish();
    at(START + DAY - SECOND);
    const [own, others] = (await signIn(owner, viewer)) as [Person["call"], Person["call"]];
    for (const ask of [own, others]) {
      const { status, body } = await ask("GET", `/api/stories/active/${story}/`);
      expect({ status, body }).toMatchObject({ status: 200, body: { id: story, is_active: true } });
      expect(await look(body.media)).toMatchObject({ status: 200 });
      expect(await ask("GET", `/api/stories/active/${owner.id}/stories/`)).toMatchObject({
        body: [{ id: story }],
      });
    }
    expect(await own("GET", "/api/stories/active/")).toMatchObject({ body: [{ id: story }] });
    expect(await own("GET", "/api/stories/archive/")).toMatchObject({ status: 200, body: [] });
    expect(await own("GET", `/api/stories/archive/${story}/`)).toMatchObject({ status: 404 });
    expect(await others("POST", "/api/stories/viewed/", { story })).toMatchObject({ status: 201 });
    expect(await others("PATCH", `/api/stories/reaction/${reaction}/`, { reaction: "🔥" })).toMatchObject({
      status: 200,
    });
    expect(await own("PATCH", `/api/stories/active/${story}/`, { caption: "late" })).toMatchObject({
      status: 200,
      body: { is_active: true, created_at: "2026-11-02T12:00:00Z", updated_at: "2026-11-03T11:59:59Z" },
    });
    // A change does not lengthen it.
    at(START + DAY + SECOND);
    expect(await others("GET", `/api/stories/active/${story}/`)).toMatchObject({ status: 404 });
  });

  it("at 24:00:01 it is in its owner's archive, and 404 by every other door", async () => {
    const { owner, viewer, story, reaction } = await publish();
    at(START + DAY - HOUR);
    const before = await signIn(owner, viewer);
    const urls = await Promise.all(
      before.map(async (ask) => (await ask("GET", `/api/stories/active/${story}/`)).body.media as string),
    );
    at(START + DAY + SECOND);
    const [own, others] = (await signIn(owner, viewer)) as [Person["call"], Person["call"]];
    for (const ask of [own, others]) {
      for (const [method, path, body] of [
        ["GET", `active/${story}`],
        ["PATCH", `active/${story}`, { caption: "x" }],
        ["DELETE", `active/${story}`],
        ["POST", "reaction", { story, reaction: "👍" }],
        ["POST", "viewed", { story }],
        ["PATCH", `reaction/${reaction}`, { reaction: "👎" }],
        ["DELETE", `reaction/${reaction}`],
      ] as const)
        expect(await ask(method, `/api/stories/${path}/`, body), `${method} ${path}`).toMatchObject({
          status: 404,
          body: { error: "Resource not found" },
        });
      expect(await ask("GET", `/api/stories/active/${owner.id}/stories/`)).toMatchObject({
        status: 200,
        body: [],
      });
    }
    // The owner's URL goes on, the viewer's does not.
    expect((await Promise.all(urls.map(look))).map(({ status }) => status)).toEqual([200, 404]);
    expect(await others("GET", `/api/stories/archive/${story}/`)).toMatchObject({ status: 404 });
    expect(await others("DELETE", `/api/stories/archive/${story}/`)).toMatchObject({ status: 404 });
    expect(await others("GET", "/api/stories/archive/")).toMatchObject({ body: [] });

    expect(await own("GET", "/api/stories/active/")).toMatchObject({ status: 200, body: [] });
    const archived = await own("GET", `/api/stories/archive/${story}/`);
    expect(archived).toMatchObject({ status: 200, body: { id: story, is_active: false } });
    expect(await own("GET", "/api/stories/archive/")).toMatchObject({ status: 200, body: [archived.body] });
    expect(await look(archived.body.media)).toMatchObject({ status: 200 });
    expect(await own("GET", `/api/stories/reaction/?story=${story}`)).toMatchObject({
      status: 200,
      body: [{ id: reaction, user: viewer.id, reaction: "👍" }],
    });
    expect(await own("GET", `/api/stories/viewed/?story=${story}`)).toMatchObject({ status: 200, body: [] });
  });

  it("at 24:00:00 it is over", async () => {
    const { owner, viewer, story } = await publish();
    at(START + DAY);
    const [own, others] = (await signIn(owner, viewer)) as [Person["call"], Person["call"]];
    expect(await others("GET", `/api/stories/active/${story}/`)).toMatchObject({ status: 404 });
    expect(await own("GET", `/api/stories/archive/${story}/`)).toMatchObject({ status: 200 });
  });
});

describe("lists", () => {
  const ids = (body: { id: number }[]) => body.map(({ id }) => id);

  it("are newest first, bare without page, and in pages with it", async () => {
    const [owner, viewer] = [await createPerson(), await createPerson()];
    const now = Date.now();
    const stories: number[] = [];
    for (let nth = 0; nth < 5; nth++)
      stories.unshift(await seedStory(owner, { createdAt: now - 60_000 + nth }));
    const path = `/api/stories/active/${owner.id}/stories/`;
    expect(ids((await viewer.call("GET", path)).body)).toEqual(stories);
    expect(ids((await owner.call("GET", "/api/stories/active/")).body)).toEqual(stories);
    const second = await viewer.call("GET", `${path}?page=2&page_size=2`);
    expect(second.body).toMatchObject({
      count: 5,
      next: `https://xabar.test${path}?page=3&page_size=2`,
      previous: `https://xabar.test${path}?page=1&page_size=2`,
    });
    expect(ids(second.body.results)).toEqual(stories.slice(2, 4));
    expect(await viewer.call("GET", `${path}?page=4&page_size=2`)).toMatchObject({ status: 404 });
    expect(await owner.call("GET", "/api/stories/archive/?page=1")).toMatchObject({
      body: { count: 0, next: null, previous: null, results: [] },
    });
  });

  it("of stories for others are not counted", async () => {
    const [owner, viewer, contact] = [await createPerson(), await createPerson(), await createPerson()];
    await befriend(owner, contact);
    await seedStory(owner);
    await seedStory(owner, { audience: "contact" });
    const path = `/api/stories/active/${owner.id}/stories/?page=1`;
    expect(await viewer.call("GET", path)).toMatchObject({ body: { count: 1 } });
    expect(await contact.call("GET", path)).toMatchObject({ body: { count: 2 } });
  });

  it("say by Link where the rest is", async () => {
    const [owner, viewer] = [await createPerson(), await createPerson()];
    await hubDb
      .prepare(
        `INSERT INTO hub_stories (owner_id, media, audience, created_at, updated_at)
         SELECT ?1, printf('%032x', value), 'public', ?2 - value, 0 FROM ${series(101)}`,
      )
      .bind(owner.id, Date.now())
      .run();
    const { body, headers } = await viewer.call("GET", `/api/stories/active/${owner.id}/stories/`);
    expect(body).toHaveLength(100);
    expect(headers.get("link")).toBe(
      `<https://xabar.test/api/stories/active/${owner.id}/stories/?page=5>; rel="next"`,
    );
    const own = await owner.call("GET", "/api/stories/active/");
    expect(own.body).toHaveLength(101);
    expect(own.headers.get("link")).toBeNull();
  });
});

describe("rows", () => {
  /** Runs a verb. @returns the rows that it read and wrote */
  async function rowsOf(person: Person, run: (ctx: ReturnType<typeof contextOf>) => Promise<unknown>) {
    const rows = { read: 0, written: 0 };
    const observed = observedD1(env.HUB_DB, ({ rowsRead, rowsWritten }) => {
      rows.read += rowsRead;
      rows.written += rowsWritten;
    });
    const { db } = createContext({ ...env, HUB_DB: observed }, { waitUntil: () => {} });
    await run(contextOf(person, { db }));
    return rows;
  }

  it("a list costs its own rows, however long the archive and the views are", async () => {
    const [owner, viewer] = [await createPerson(), await createPerson()];
    const now = Date.now();
    await hubDb.batch([
      hubDb
        .prepare(
          `INSERT INTO hub_stories (owner_id, media, audience, created_at, updated_at)
           SELECT ?1, printf('%032x', value), 'public', ?2 - value, 0 FROM ${series(3000)}`,
        )
        .bind(owner.id, now - DAY),
      hubDb
        .prepare(
          `INSERT INTO hub_stories (owner_id, media, audience, created_at, updated_at)
           SELECT ?1, printf('%032x', value), 'public', ?2 - value, 0 FROM ${series(10)}`,
        )
        .bind(owner.id, now),
      hubDb.prepare(
        `INSERT INTO hub_users (id, email, date_joined)
         SELECT 500000 + value, 'viewer' || value || '@rows.example', 0 FROM ${series(3000)}`,
      ),
    ]);
    const story = await seedStory(owner, { createdAt: now });
    await hubDb
      .prepare(
        `INSERT INTO hub_story_views (story_id, viewer_id, viewed_at)
         SELECT ?1, 500000 + value, 0 FROM ${series(3000)}`,
      )
      .bind(story)
      .run();
    const page = { limit: 25, offset: 0, isPaged: true };
    const bare = { limit: 100, offset: 0, isPaged: false };
    const costs = {
      active: await rowsOf(owner, (ctx) => listOwn(ctx, "active", bare)),
      archive: await rowsOf(owner, (ctx) => listOwn(ctx, "archive", bare)),
      archivePage: await rowsOf(owner, (ctx) => listOwn(ctx, "archive", page)),
      another: await rowsOf(viewer, (ctx) => listOf(ctx, owner.id, bare)),
      views: await rowsOf(owner, (ctx) => listViews(ctx, story, bare)),
      viewsPage: await rowsOf(owner, (ctx) => listViews(ctx, story, page)),
      view: await rowsOf(viewer, (ctx) => markViewed(ctx, { story, viewer: undefined })),
    };
    const within = (most: number) => expect.toSatisfy((read: number) => read <= most, `at most ${most}`);
    expect(costs).toMatchObject({
      active: { read: within(40) },
      archive: { read: within(310) },
      archivePage: { read: within(2200) },
      another: { read: within(60) },
      views: { read: within(310) },
      viewsPage: { read: within(2200) },
      view: { read: within(20), written: within(5) },
    });
  });
});
