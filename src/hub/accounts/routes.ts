import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { HubEnv } from "../context.ts";
import { ListQuery, pageOf } from "../lists.ts";
import { staffOnly } from "../middleware.ts";
import { body, limit, sendList } from "../requests/middleware.ts";
import { deleteUser, getUser, listUsers } from "./admin.ts";
import { updateProfile } from "./change.ts";
import { beginDeletion, confirmDeletion } from "./deletion.ts";
import { beginEmailChange, confirmEmailChange } from "./email.ts";
import { checkUsername, getProfile } from "./profile.ts";
import { Confirmation, Deletion, EmailChange, ProfileUpdate, UsernameQuery, UserParam } from "./schemas.ts";

const files = { profile_picture: { kind: "profile", most: 1 } } as const;

/** The caller's own account. */
export const account = () =>
  new Hono<HubEnv>({ strict: false })
    .get("/profile", responds(200, "ProfileResponse"), valid("query", noQuery), async (c) =>
      c.json(await getProfile(c.var.ctx)),
    )
    .patch("/profile", responds(200, "ProfileResponse"), body(ProfileUpdate, files), async (c) =>
      c.json(await updateProfile(c.var.ctx, c.req.valid("json"))),
    )
    .get("/check/username", responds(200, "UsernameResponse"), valid("query", UsernameQuery), async (c) =>
      c.json(await checkUsername(c.var.ctx, c.req.valid("query"))),
    )
    .post("/change-email", responds(200, "AccountMessageResponse"), body(EmailChange), async (c) =>
      c.json(await beginEmailChange(c.var.ctx, c.req.valid("json"))),
    )
    .post(
      "/change-email/confirm",
      responds(200, "AccountMessageResponse"),
      limit("email_verify"),
      body(Confirmation),
      async (c) => c.json(await confirmEmailChange(c.var.ctx, c.req.valid("json"))),
    )
    .post("/delete", responds(200, "AccountMessageResponse"), body(Deletion), async (c) =>
      c.json(await beginDeletion(c.var.ctx, c.req.valid("json"))),
    )
    .post("/delete/confirm", responds(204, null), limit("email_verify"), body(Confirmation), async (c) => {
      await confirmDeletion(c.var.ctx, c.req.valid("json"));
      return c.body(null, 204);
    });

/** All accounts, for staff. */
export const admin = () => {
  const param = valid("param", UserParam);
  return new Hono<HubEnv>({ strict: false })
    .use(staffOnly)
    .get("/user", responds(200, "PersonListResponse"), valid("query", ListQuery), async (c) => {
      const page = pageOf(c.req.valid("query"));
      return sendList(c, page, await listUsers(c.var.ctx, page));
    })
    .get("/user/:pk{[0-9]{1,15}}", responds(200, "PersonResponse"), param, async (c) =>
      c.json(await getUser(c.var.ctx, c.req.valid("param").pk)),
    )
    .delete("/user/:pk{[0-9]{1,15}}", responds(204, null), param, async (c) => {
      await deleteUser(c.var.ctx, c.req.valid("param").pk);
      return c.body(null, 204);
    });
};
