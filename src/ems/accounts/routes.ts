import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { eraseAccount } from "../erasure/erase.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { idempotent } from "../middleware.ts";
import { AccountCreate, AccountDelete, AccountParam, AccountUpdate } from "./schemas.ts";
import { createAccount, disconnectAccount, getAccount, listAccounts, updateAccount } from "./service.ts";
import { getSync } from "./sync.ts";

const param = valid("param", AccountParam);

export const accounts = new Hono<EmsEnv>({ strict: false })
  .post("/", idempotent, responds(201, "AccountResponse"), valid("json", AccountCreate), async (c) =>
    c.json(await createAccount(c.var.ctx, c.req.valid("json")), 201),
  )
  .get("/", responds(200, "AccountListResponse"), valid("query", noQuery), async (c) => {
    const { list, readAt } = await listAccounts(c.var.ctx);
    return c.json(list, 200, { [POSITION_HEADER]: readAt });
  })
  .get("/:account_id", responds(200, "AccountResponse"), param, async (c) =>
    c.json(await getAccount(c.var.ctx, c.req.valid("param").account_id)),
  )
  .patch("/:account_id", responds(200, "AccountResponse"), param, valid("json", AccountUpdate), async (c) => {
    const { account_id: id } = c.req.valid("param");
    return c.json(await updateAccount(c.var.ctx, { id, ...c.req.valid("json") }));
  })
  .get("/:account_id/sync", responds(200, "SyncResponse"), param, async (c) =>
    c.json(await getSync(c.var.ctx, c.req.valid("param").account_id)),
  )
  .delete("/:account_id", responds(204, null), param, valid("query", AccountDelete), async (c) => {
    const remove = c.req.valid("query").erase ? eraseAccount : disconnectAccount;
    await remove(c.var.ctx, c.req.valid("param").account_id);
    return c.body(null, 204);
  });
