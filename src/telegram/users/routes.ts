import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { OpenEnv, UserEnv } from "../context.ts";
import { mailingObject } from "../mailing-object.ts";
import { presentStatus } from "../present.ts";
import { body } from "../requests/middleware.ts";
import { deleteUser } from "./erase.ts";
import { SubscriptionWrite, UsersQuery, UserWrite } from "./schemas.ts";
import { getUser, listUsers, putSubscription, putUser, userIdOf } from "./write.ts";

export const status = () =>
  new Hono<UserEnv>({ strict: false }).get("/:telegramId", responds(200, "StatusResponse"), async (c) =>
    c.json(presentStatus(c.var.ctx, await mailingObject(c.var.ctx).status())),
  );

/** Users and their subscriptions, for operators. */
export const admin = () =>
  new Hono<OpenEnv>({ strict: false })
    .get("/users", responds(200, "TelegramUsersResponse"), valid("query", UsersQuery), async (c) =>
      c.json(await listUsers(c.var.ctx, c.req.valid("query"))),
    )
    .get("/users/:telegramId", responds(200, "TelegramUserResponse"), valid("query", noQuery), async (c) =>
      c.json(await getUser(c.var.ctx, userIdOf(c.req.param("telegramId")))),
    )
    .put("/users/:telegramId", responds(200, "TelegramUserResponse"), body(UserWrite), async (c) =>
      c.json(await putUser(c.var.ctx, userIdOf(c.req.param("telegramId")), c.req.valid("json"))),
    )
    .put(
      "/users/:telegramId/subscription",
      responds(200, "TelegramUserResponse"),
      body(SubscriptionWrite),
      async (c) =>
        c.json(await putSubscription(c.var.ctx, userIdOf(c.req.param("telegramId")), c.req.valid("json"))),
    )
    .delete("/users/:telegramId", responds(204, null), async (c) => {
      await deleteUser(c.var.ctx, userIdOf(c.req.param("telegramId")));
      return c.body(null, 204);
    });
