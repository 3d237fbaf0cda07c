import { Hono } from "hono";
import { responds, valid } from "../../platform/validation.ts";
import type { HubEnv } from "../context.ts";
import { ListQuery, pageOf } from "../lists.ts";
import { body, sendList } from "../requests/middleware.ts";
import { deleteStory, updateStory } from "./change.ts";
import { createStory } from "./create.ts";
import { getArchived, getStory, listOf, listOwn } from "./find.ts";
import { changeReaction, deleteReaction, listReactions, react } from "./reactions.ts";
import {
  OfStoryQuery,
  OwnerParam,
  ReactionCreate,
  ReactionUpdate,
  StoryCreate,
  StoryParam,
  StoryUpdate,
  ViewCreate,
} from "./schemas.ts";
import { listViews, markViewed } from "./views.ts";

/** Of a bare array of one's own stories. */
const MOST_OWN = 1000;

const param = () => valid("param", StoryParam);
const part = () => valid("query", ListQuery);
const ofStory = () => valid("query", OfStoryQuery);

/** Other ids lead to no route, which is 404. */
const ID = "/:id{\\d{1,15}}";

const active = () =>
  new Hono<HubEnv>({ strict: false })
    .get("/", responds(200, "StoryListResponse"), part(), async (c) => {
      const page = pageOf(c.req.valid("query"), MOST_OWN);
      return sendList(c, page, await listOwn(c.var.ctx, "active", page));
    })
    .post(
      "/",
      responds(201, "StoryResponse"),
      body(StoryCreate, { media: { kind: "story", most: 1 } }),
      async (c) => c.json(await createStory(c.var.ctx, c.req.valid("json")), 201),
    )
    .get(
      "/:user_id{\\d{1,15}}/stories",
      responds(200, "StoryListResponse"),
      valid("param", OwnerParam),
      part(),
      async (c) => {
        const page = pageOf(c.req.valid("query"));
        const { user_id } = c.req.valid("param");
        return sendList(c, page, await listOf(c.var.ctx, user_id, page));
      },
    )
    .get(ID, responds(200, "StoryResponse"), param(), async (c) =>
      c.json(await getStory(c.var.ctx, c.req.valid("param").id)),
    )
    .patch(
      ID,
      responds(200, "StoryResponse"),
      param(),
      // A file is refused before it is stored.
      body(StoryUpdate, { media: { kind: "story", most: 0 } }),
      async (c) => {
        const { id } = c.req.valid("param");
        return c.json(await updateStory(c.var.ctx, id, c.req.valid("json")));
      },
    )
    .delete(ID, responds(204, null), param(), async (c) => {
      await deleteStory(c.var.ctx, "active", c.req.valid("param").id);
      return c.body(null, 204);
    });

const archive = () =>
  new Hono<HubEnv>({ strict: false })
    .get("/", responds(200, "StoryListResponse"), part(), async (c) => {
      const page = pageOf(c.req.valid("query"), MOST_OWN);
      return sendList(c, page, await listOwn(c.var.ctx, "archive", page));
    })
    .get(ID, responds(200, "StoryResponse"), param(), async (c) =>
      c.json(await getArchived(c.var.ctx, c.req.valid("param").id)),
    )
    .delete(ID, responds(204, null), param(), async (c) => {
      await deleteStory(c.var.ctx, "archive", c.req.valid("param").id);
      return c.body(null, 204);
    });

const reaction = () =>
  new Hono<HubEnv>({ strict: false })
    .get("/", responds(200, "ReactionListResponse"), ofStory(), async (c) => {
      const { story, ...query } = c.req.valid("query");
      const page = pageOf(query);
      return sendList(c, page, await listReactions(c.var.ctx, story, page));
    })
    .post("/", responds(201, "ReactionResponse"), body(ReactionCreate), async (c) =>
      c.json(await react(c.var.ctx, c.req.valid("json")), 201),
    )
    .patch(ID, responds(200, "ReactionResponse"), param(), body(ReactionUpdate), async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await changeReaction(c.var.ctx, id, c.req.valid("json")));
    })
    .delete(ID, responds(204, null), param(), async (c) => {
      await deleteReaction(c.var.ctx, c.req.valid("param").id);
      return c.body(null, 204);
    });

const viewed = () =>
  new Hono<HubEnv>({ strict: false })
    .get("/", responds(200, "StoryViewListResponse"), ofStory(), async (c) => {
      const { story, ...query } = c.req.valid("query");
      const page = pageOf(query);
      return sendList(c, page, await listViews(c.var.ctx, story, page));
    })
    .post(
      "/",
      responds(201, "StoryViewResponse", { status: 200, schema: "StoryViewResponse" }),
      body(ViewCreate),
      async (c) => {
        const { view, isNew } = await markViewed(c.var.ctx, c.req.valid("json"));
        return c.json(view, isNew ? 201 : 200);
      },
    );

/** Stories: `/api/stories`. */
export const stories = () =>
  new Hono<HubEnv>({ strict: false })
    .route("/active", active())
    .route("/archive", archive())
    .route("/reaction", reaction())
    .route("/viewed", viewed());
