import { Hono } from "hono";
import { publicBase } from "../../platform/front.ts";
import { limitOpen } from "../../platform/rate-limit.ts";
import { responds, valid } from "../../platform/validation.ts";
import { createContext, type EmailEnv } from "../context.ts";
import { idempotent, NAME } from "../middleware.ts";
import { deleteAccount, updateAccount } from "./change.ts";
import { beginConnect, LIFE_SECONDS, returnFromSignIn } from "./connect.ts";
import { createAccount } from "./create.ts";
import { getAccount, listAccounts } from "./find.ts";
import {
  AccountCreate,
  AccountParam,
  AccountsQuery,
  AccountUpdate,
  ProviderParam,
  SignInReturn,
  SignInStart,
  VerifyQuery,
} from "./schemas.ts";

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
  .get("/:accountId", responds(200, "AccountResponse"), param, async (c) =>
    c.json(await getAccount(c.var.ctx, c.req.valid("param").accountId)),
  )
  .put(
    "/:accountId",
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
  .delete("/:accountId", responds(204, null), param, async (c) => {
    await deleteAccount(c.var.ctx, c.req.valid("param").accountId);
    return c.body(null, 204);
  });

/** One for each sign-in, so that several can be under way. `__Host-` keeps subdomains from setting it. */
const cookieOf = (state: string) => `__Host-mailbox-${state.replace(/[^\w-]/g, "").slice(-16)}`;

/** Lax: the browser sends it when it comes back from the provider's site. */
const COOKIE_FLAGS = `Path=/; Max-Age=${LIFE_SECONDS}; HttpOnly; SameSite=Lax; Secure`;

export const signIns = new Hono<EmailEnv>({ strict: false }).post(
  "/:provider{google|microsoft}/start",
  responds(200, "SignInResponse"),
  valid("param", ProviderParam),
  valid("json", SignInStart),
  async (c) => {
    const { provider } = c.req.valid("param");
    const { answer, state, proof } = await beginConnect(c.var.ctx, provider, c.req.valid("json"));
    return c.json(answer, 200, { "set-cookie": `${cookieOf(state)}=${proof}; ${COOKIE_FLAGS}` });
  },
);

/** Outside the token guard: browsers come back here from the provider. The cookie protects it. */
export const signInReturns = new Hono<EmailEnv>({ strict: false }).get(
  "/:provider{google|microsoft}/callback",
  limitOpen,
  responds(200, "AccountResponse"),
  valid("query", SignInReturn, { strict: false }),
  async (c) => {
    const input = c.req.valid("query");
    const [, cookie = ""] = `; ${c.req.header("cookie")}`.split(`; ${cookieOf(input.state)}=`);
    const origin = publicBase(c.req.url, c.env, NAME);
    const ctx = { ...createContext(c.env, c.executionCtx), origin };
    const end = await returnFromSignIn(ctx, input, cookie.split(";", 1)[0] ?? "");
    return "location" in end ? c.redirect(end.location) : c.json(end.account);
  },
);
