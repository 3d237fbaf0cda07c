import type { RouteDocs } from "../../platform/docs.ts";
import { UUID } from "../fields.ts";

const newest =
  "The newest first. Without `page` an array of the newest 100, with a `Link` header when there are more.";
const hidden =
  "`count` includes what is hidden from you, until the last page; `next` is null at the end of what you see.";

const hiddenPost = "The caller may not see the post, or there is none.";

export const docs: RouteDocs = {
  "GET /api/posts/post": {
    id: "listPosts",
    summary: "List posts",
    description: `Active posts of people whom you may see. ${newest} ${hidden}`,
    responses: { 404: "There is no such page." },
  },
  "POST /api/posts/post": {
    id: "createPost",
    summary: "Create a post",
    description:
      "With content of up to 10,000 characters, with up to 10 images of 10 MB, or with both. Images need multipart/form-data.",
    responses: { 201: "The post." },
  },
  [`GET /api/posts/post/:id{${UUID}}`]: {
    id: "getPost",
    summary: "Get a post",
    description: "An inactive post is seen by its owner alone.",
  },
  [`PATCH /api/posts/post/:id{${UUID}}`]: {
    id: "updatePost",
    summary: "Update your post",
    description:
      "What is left out stays. `images` replaces all images. `is_active: false` hides the post from others.",
  },
  [`DELETE /api/posts/post/:id{${UUID}}`]: {
    id: "deletePost",
    summary: "Delete your post",
    description: "With its images, likes, comments and views.",
    responses: { 204: "Deleted." },
  },
  "POST /api/posts/like": {
    id: "likePost",
    summary: "Like a post",
    description: "Once: a second like is 400. A post tells the id of your like as `my_like`.",
    responses: { 201: "The like.", 404: hiddenPost },
  },
  [`DELETE /api/posts/like/:id{${UUID}}`]: {
    id: "unlikePost",
    summary: "Take back your like",
    responses: { 204: "Deleted." },
  },
  [`GET /api/posts/:post_id{${UUID}}/likes`]: {
    id: "listPostLikes",
    summary: "List likes of a post",
    description: `${newest} Without those of people whom you have blocked, or who have blocked you. ${hidden}`,
  },
  "POST /api/posts/comment": {
    id: "createPostComment",
    summary: "Comment on a post",
    description: "Of up to 2,000 characters. `reply_to` is the id of a comment on the same post.",
    responses: { 201: "The comment.", 404: hiddenPost },
  },
  [`PATCH /api/posts/comment/:id{${UUID}}`]: {
    id: "updatePostComment",
    summary: "Update your comment",
  },
  [`DELETE /api/posts/comment/:id{${UUID}}`]: {
    id: "deletePostComment",
    summary: "Delete your comment",
    description: "Its answers stay; their `reply_to` becomes null.",
    responses: { 204: "Deleted." },
  },
  [`GET /api/posts/:post_id{${UUID}}/comments`]: {
    id: "listPostComments",
    summary: "List comments of a post",
    description: `${newest} Without those of people whom you have blocked, or who have blocked you. ${hidden}`,
  },
  "POST /api/posts/views": {
    id: "viewPost",
    summary: "Record that you have seen a post",
    description: "Only the first time counts.",
    responses: { 200: "Your first view.", 201: "The view.", 404: hiddenPost },
  },
  [`GET /api/posts/:post_id{${UUID}}/views`]: {
    id: "listPostViews",
    summary: "List views of a post",
    description: `All of them for the post's owner, your own for others. ${newest} ${hidden}`,
  },
};
