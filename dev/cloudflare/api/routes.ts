import { Hono } from "hono";
import { ConnectionReset } from "../../nylas/http/errors.ts";
import type { Account } from "../account.ts";
import type { Runtime } from "../runtime.ts";
import { assetFiles, assetSessions } from "./assets.ts";
import { d1 } from "./d1.ts";
import { queues } from "./queues.ts";
import { r2 } from "./r2.ts";
import { workers } from "./scripts.ts";
import { type Api, Refusal, succeed, succeedWithPage } from "./wire.ts";

/** Cloudflare's API, as far as `npm run deploy` and wrangler use it, for one account. */
export function createApi(account: Account, runtime: Runtime): Hono<Api> {
  const one = { id: account.id, name: account.name, type: "standard" };
  return new Hono<Api>()
    .onError((error, c) => {
      if (error instanceof ConnectionReset) throw error;
      const refusal = error instanceof Refusal ? error : new Refusal(500, 10013, String(error.stack));
      const errors = [{ code: refusal.code, message: refusal.message }];
      return c.json({ success: false, errors, messages: [], result: null }, refusal.status);
    })
    .notFound((c) => {
      const message = `No route for that URI: ${c.req.method} ${c.req.path}`;
      return c.json({ success: false, errors: [{ code: 7000, message }], messages: [], result: null }, 400);
    })
    .use(async (c, next) => {
      const token = c.req.header("authorization")?.replace("Bearer ", "") ?? "";
      const isOfSession = /\/workers\/assets\/upload$/.test(c.req.path) && account.assets.sessions.has(token);
      if (token !== account.token && !isOfSession) throw new Refusal(403, 10000, "Authentication error");
      const id = /^\/accounts\/([^/]+)\//.exec(c.req.path)?.[1];
      if (id !== undefined && id !== account.id) throw new Refusal(403, 10000, "Authentication error");
      c.set("account", account);
      c.set("runtime", runtime);
      await next();
    })
    .get("/user", (c) => succeed(c, { id: "user", email: "operator@example.com" }))
    .get("/user/tokens/verify", (c) => succeed(c, { id: "token", status: "active" }))
    .get("/accounts", (c) => succeedWithPage(c, [one], 20))
    .get("/memberships", (c) => succeedWithPage(c, [{ id: "membership", account: one }], 20))
    .route("/accounts/:account/d1/database", d1)
    .route("/accounts/:account/r2/buckets", r2)
    .route("/accounts/:account/queues", queues)
    .route("/accounts/:account/workers", workers)
    .route("/accounts/:account/workers/scripts", assetSessions)
    .route("/accounts/:account/workers/assets", assetFiles);
}
