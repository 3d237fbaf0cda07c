import { Hono } from "hono";
import { responds } from "../../platform/validation.ts";
import type { UserEnv } from "../context.ts";
import { body } from "../requests/middleware.ts";
import { getAccount, listAccounts, removeAccount, resumeAccount } from "./accounts.ts";
import { SendCode, VerifyCode, VerifyPassword } from "./schemas.ts";
import { sendCode, verifyCode, verifyPassword } from "./sign-in.ts";

/** The accounts of a user. */
export const accounts = () =>
  new Hono<UserEnv>({ strict: false })
    .get("/:telegramId", responds(200, "AccountListResponse"), async (c) =>
      c.json(await listAccounts(c.var.ctx)),
    )
    .post("/:telegramId/send-code", body(SendCode), responds(200, "SignInResponse"), async (c) =>
      c.json(await sendCode(c.var.ctx, c.req.valid("json"))),
    )
    .post("/:telegramId/verify-code", body(VerifyCode), responds(200, "SignInResponse"), async (c) =>
      c.json(await verifyCode(c.var.ctx, c.req.valid("json"))),
    )
    .post("/:telegramId/verify-2fa", body(VerifyPassword), responds(200, "SignInResponse"), async (c) =>
      c.json(await verifyPassword(c.var.ctx, c.req.valid("json"))),
    )
    .get("/:telegramId/:phone", responds(200, "AccountResponse"), async (c) =>
      c.json(await getAccount(c.var.ctx, c.req.param("phone"))),
    )
    .delete("/:telegramId/:phone", responds(200, "SuccessResponse"), async (c) => {
      await removeAccount(c.var.ctx, c.req.param("phone"));
      return c.json({ success: true });
    })
    .post("/:telegramId/:phone/resume", responds(200, "SuccessResponse"), async (c) => {
      await resumeAccount(c.var.ctx, c.req.param("phone"));
      return c.json({ success: true });
    });
