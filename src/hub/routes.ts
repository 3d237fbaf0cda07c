import { lazy } from "../lib/lazy.ts";
import { createApp } from "../platform/app.ts";
import { account, admin } from "./accounts/routes.ts";
import { openAuth, signedInAuth } from "./auth/routes.ts";
import { blocks } from "./blocks/routes.ts";
import { chatSocket } from "./chat/door/routes.ts";
import { chatFiles } from "./chat/files/routes.ts";
import { members } from "./chat/members/routes.ts";
import { messages, tickets } from "./chat/messages/routes.ts";
import { rooms } from "./chat/rooms/routes.ts";
import { openComments } from "./comments/routes.ts";
import { config } from "./config.ts";
import { contacts } from "./contacts/routes.ts";
import type { HubEnv } from "./context.ts";
import { discovery, publicProfiles } from "./discovery/routes.ts";
import { toAnswer } from "./errors.ts";
import { location } from "./geo/routes.ts";
import { media } from "./media/door/routes.ts";
import { authenticate, identify, open } from "./middleware.ts";
import { posts } from "./posts/routes.ts";
import { statuses } from "./statuses/routes.ts";
import { stories } from "./stories/routes.ts";

/** The paths of the contract. Below /api/accounts it has at least three segments, where the Email Service API has less. */
const OWNED =
  /^\/(api\/(accounts\/(auth|account|admin)\/.+|(posts|stories|chat|comments)(\/.*)?)|media\/(?!mailing\/).+|ws\/.+)$/;

/** True for a path of this module. */
export const owns = (path: string): boolean => OWNED.test(path);

/** Built at the first request, so that the start of the Worker builds no route of it. */
export const app = lazy(() =>
  createApp<HubEnv>({
    toAnswer,
    corsOrigins: (env) => config(env).CORS_ORIGINS,
    exposeHeaders: ["x-request-id", "retry-after", "link", "x-chat-seq"],
  })
    .use(open)
    .route("/media", media())
    .route("/ws", chatSocket())
    .route("/api/comments/comment", openComments())
    .route("/api/accounts/auth", openAuth())
    .use("/api/accounts/account/profile/:username", identify)
    .route("/api/accounts/account/profile", publicProfiles())
    // All routes below require a valid token.
    .use(authenticate)
    .route("/api/accounts/account", discovery())
    .route("/api/accounts/account/block", blocks())
    .route("/api/accounts/account/contact", contacts())
    .route("/api/accounts/account/status", statuses())
    .route("/api/accounts/auth", signedInAuth())
    .route("/api/posts", posts())
    .route("/api/stories", stories())
    .route("/api/chat/rooms", rooms())
    .route("/api/chat/members", members())
    .route("/api/chat/files", chatFiles())
    .route("/api/chat/message", messages())
    .route("/api/chat/ticket", tickets())
    .route("/api/accounts/account", account())
    .route("/api/accounts/admin", admin())
    .route("/api/accounts/account/location", location()),
);
