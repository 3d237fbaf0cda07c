import { Hono } from "hono";
import { responds, valid } from "../../platform/validation.ts";
import type { HubEnv } from "../context.ts";
import { UUID } from "../fields.ts";
import { ListQuery, pageOf } from "../lists.ts";
import { body, sendList } from "../requests/middleware.ts";
import { updatePost } from "./change.ts";
import { createComment, deleteComment, listComments, updateComment } from "./comments.ts";
import { createPost } from "./create.ts";
import { likePost, listLikes, unlikePost } from "./likes.ts";
import { getPost, listPosts } from "./list.ts";
import { deletePost } from "./remove.ts";
import {
  CommentCreate,
  CommentUpdate,
  IdParam,
  MAX_IMAGES,
  Marked,
  PostCreate,
  PostParam,
  PostUpdate,
} from "./schemas.ts";
import { listViews, viewPost } from "./views.ts";

const files = { images: { kind: "post", most: MAX_IMAGES } } as const;

/** The routes below /api/posts. */
export const posts = () => {
  const id = valid("param", IdParam);
  const postId = valid("param", PostParam);
  const query = valid("query", ListQuery);

  return new Hono<HubEnv>({ strict: false })
    .get("/post", responds(200, "PostListResponse"), query, async (c) => {
      const page = pageOf(c.req.valid("query"));
      return sendList(c, page, await listPosts(c.var.ctx, page));
    })
    .post("/post", responds(201, "PostResponse"), body(PostCreate, files), async (c) =>
      c.json(await createPost(c.var.ctx, c.req.valid("json")), 201),
    )
    .get(`/post/:id{${UUID}}`, responds(200, "PostResponse"), id, async (c) =>
      c.json(await getPost(c.var.ctx, c.req.valid("param").id)),
    )
    .patch(`/post/:id{${UUID}}`, responds(200, "PostResponse"), id, body(PostUpdate, files), async (c) =>
      c.json(await updatePost(c.var.ctx, c.req.valid("param").id, c.req.valid("json"))),
    )
    .delete(`/post/:id{${UUID}}`, responds(204, null), id, async (c) => {
      await deletePost(c.var.ctx, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .post("/like", responds(201, "MarkResponse"), body(Marked), async (c) =>
      c.json(await likePost(c.var.ctx, c.req.valid("json").post), 201),
    )
    .delete(`/like/:id{${UUID}}`, responds(204, null), id, async (c) => {
      await unlikePost(c.var.ctx, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .get(`/:post_id{${UUID}}/likes`, responds(200, "MarkListResponse"), postId, query, async (c) => {
      const page = pageOf(c.req.valid("query"));
      return sendList(c, page, await listLikes(c.var.ctx, c.req.valid("param").post_id, page));
    })
    .post("/comment", responds(201, "PostCommentResponse"), body(CommentCreate), async (c) =>
      c.json(await createComment(c.var.ctx, c.req.valid("json")), 201),
    )
    .patch(
      `/comment/:id{${UUID}}`,
      responds(200, "PostCommentResponse"),
      id,
      body(CommentUpdate),
      async (c) => c.json(await updateComment(c.var.ctx, c.req.valid("param").id, c.req.valid("json"))),
    )
    .delete(`/comment/:id{${UUID}}`, responds(204, null), id, async (c) => {
      await deleteComment(c.var.ctx, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .get(
      `/:post_id{${UUID}}/comments`,
      responds(200, "PostCommentListResponse"),
      postId,
      query,
      async (c) => {
        const page = pageOf(c.req.valid("query"));
        return sendList(c, page, await listComments(c.var.ctx, c.req.valid("param").post_id, page));
      },
    )
    .post(
      "/views",
      responds(201, "MarkResponse", { status: 200, schema: "MarkResponse" }),
      body(Marked),
      async (c) => {
        const { view, isNew } = await viewPost(c.var.ctx, c.req.valid("json").post);
        return c.json(view, isNew ? 201 : 200);
      },
    )
    .get(`/:post_id{${UUID}}/views`, responds(200, "MarkListResponse"), postId, query, async (c) => {
      const page = pageOf(c.req.valid("query"));
      return sendList(c, page, await listViews(c.var.ctx, c.req.valid("param").post_id, page));
    });
};
