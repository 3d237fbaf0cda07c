import { Hono } from "hono";
import { limitOpen } from "../../platform/rate-limit.ts";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import { createContext, type EmsEnv } from "../context.ts";
import { eraseAccount } from "../erasure/erase.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { idempotent } from "../middleware.ts";
import { beginConnect, finishConnect, returnFromSignIn } from "./connect.ts";
import {
  AccountCreate,
  AccountDelete,
  AccountParam,
  AccountUpdate,
  ConnectFinish,
  ConnectQuery,
  ConnectReturn,
} from "./schemas.ts";
import { createAccount, disconnectAccount, getAccount, listAccounts, updateAccount } from "./service.ts";
import { getSync } from "./sync.ts";

const param = valid("param", AccountParam);

/** One for each sign-in, so that several can be under way. `__Host-` keeps subdomains from setting it. */
const cookieOf = (state: string) => `__Host-connect-${state.slice(8, 24)}`;

/** Lax: the browser sends it when it comes back from the provider's site. */
const COOKIE_FLAGS = "Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure";

/** Outside the token guard: browsers come back here from the provider. The state protects it. */
export const signIns = new Hono<EmsEnv>({ strict: false }).get(
  "/connect/callback",
  limitOpen,
  responds(302, null),
  valid("query", ConnectReturn, { strict: false }),
  async (c) => {
    const input = c.req.valid("query");
    const [, proof = ""] = `; ${c.req.header("cookie")}`.split(`; ${cookieOf(input.state)}=`);
    const ctx = createContext(c.env, c.executionCtx);
    return c.redirect(await returnFromSignIn(ctx, input, proof.slice(0, 64)));
  },
);

export const accounts = new Hono<EmsEnv>({ strict: false })
  .post("/", idempotent, responds(201, "AccountResponse"), valid("json", AccountCreate), async (c) =>
    c.json(await createAccount(c.var.ctx, c.req.valid("json")), 201),
  )
  .get("/", responds(200, "AccountListResponse"), valid("query", noQuery), async (c) => {
    const { list, readAt } = await listAccounts(c.var.ctx);
    return c.json(list, 200, { [POSITION_HEADER]: readAt });
  })
  .get("/connect", responds(200, "ConnectResponse"), valid("query", ConnectQuery), async (c) => {
    const { answer, state, proof } = await beginConnect(c.var.ctx, c.req.valid("query"));
    return c.json(answer, 200, { "set-cookie": `${cookieOf(state)}=${proof}; ${COOKIE_FLAGS}` });
  })
  .post("/connect", idempotent, responds(201, "AccountResponse"), valid("json", ConnectFinish), async (c) =>
    c.json(await finishConnect(c.var.ctx, c.req.valid("json")), 201),
  )
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
