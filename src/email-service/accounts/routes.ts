import { Hono } from "hono";
import { responds, valid } from "../../platform/validation.ts";
import type { EmailEnv } from "../context.ts";
import { idempotent } from "../middleware.ts";
import { deleteAccount, updateAccount } from "./change.ts";
import { createAccount } from "./create.ts";
import { getAccount, listAccounts } from "./find.ts";
import { AccountCreate, AccountParam, AccountsQuery, AccountUpdate, VerifyQuery } from "./schemas.ts";

const param = valid("param", AccountParam);
const verify = valid("query", VerifyQuery);

export const accounts = new Hono<EmailEnv>({ strict: false })
  .get("/", responds(200, "AccountListResponse"), valid("query", AccountsQuery), async (c) =>
    c.json(await listAccounts(c.var.ctx, c.req.valid("query"))),
  )
  .post(
    "/",
    idempotent,
    responds(201, "AccountResponse"),
    verify,
    valid("json", AccountCreate),
    async (c) => {
      const { verify } = c.req.valid("query");
      return c.json(await createAccount(c.var.ctx, c.req.valid("json"), verify), 201);
    },
  )
  .get("/:accountId{c[0-9a-z]{24}}", responds(200, "AccountResponse"), param, async (c) =>
    c.json(await getAccount(c.var.ctx, c.req.valid("param").accountId)),
  )
  .put(
    "/:accountId{c[0-9a-z]{24}}",
    responds(200, "AccountResponse"),
    param,
    verify,
    valid("json", AccountUpdate),
    async (c) => {
      const { accountId } = c.req.valid("param");
      const { verify } = c.req.valid("query");
      return c.json(await updateAccount(c.var.ctx, accountId, c.req.valid("json"), verify));
    },
  )
  .delete("/:accountId{c[0-9a-z]{24}}", responds(204, null), param, async (c) => {
    await deleteAccount(c.var.ctx, c.req.valid("param").accountId);
    return c.body(null, 204);
  });
