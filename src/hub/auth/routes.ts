import { type Context, Hono } from "hono";
import { limitOpen } from "../../platform/rate-limit.ts";
import { responds, valid } from "../../platform/validation.ts";
import type { HubEnv } from "../context.ts";
import { body, limit } from "../requests/middleware.ts";
import { signInByGoogle } from "./google.ts";
import { forgotPassword, resetPassword } from "./new-password.ts";
import {
  EmailVerify,
  ForgotPassword,
  GoogleSignIn,
  ResetLinkParam,
  ResetPassword,
  SignIn,
  SignUp,
  TokenRefresh,
} from "./schemas.ts";
import { endSession, refreshSession } from "./sessions.ts";
import { signIn } from "./sign-in.ts";
import { signUp } from "./sign-up.ts";
import { verifyEmail } from "./verify.ts";

/** Says which sign-up a code is of. `__Host-` keeps subdomains from setting it. */
const COOKIE = "__Host-hub-signup";

const cookieHeader = (value: string, seconds: number) => ({
  "set-cookie": `${COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax; Secure`,
});

/** As long as a sign-up waits for another code. */
const COOKIE_SECONDS = 86_400;

function cookieOf(c: Context): string | undefined {
  const [, value] = `; ${c.req.header("cookie") ?? ""}`.split(`; ${COOKIE}=`);
  return value?.split(";", 1)[0];
}

/** What needs no token: mounted before `authenticate`. */
export const openAuth = () =>
  new Hono<HubEnv>({ strict: false })
    .post("/signup", limitOpen, responds(201, "SignUpResponse"), body(SignUp), limit("signup"), async (c) => {
      const { answer, cookie } = await signUp(c.var.ctx, c.req.valid("json"));
      return c.json(answer, 201, cookieHeader(cookie, COOKIE_SECONDS));
    })
    .post(
      "/email-verify",
      limitOpen,
      responds(200, "MessageResponse"),
      body(EmailVerify),
      limit("email_verify"),
      async (c) => {
        const done = await verifyEmail(c.var.ctx, c.req.valid("json"), cookieOf(c));
        return c.json(done, 200, cookieHeader("", 0));
      },
    )
    .post("/signin", limitOpen, responds(200, "SignInResponse"), body(SignIn), async (c) =>
      c.json(await signIn(c.var.ctx, c.req.valid("json"))),
    )
    .post("/oauth2/google", limitOpen, responds(200, "TokenPairResponse"), body(GoogleSignIn), async (c) =>
      c.json(await signInByGoogle(c.var.ctx, c.req.valid("json"))),
    )
    .post(
      "/forgot-password",
      limitOpen,
      responds(200, "MessageResponse"),
      body(ForgotPassword),
      limit("forget_password"),
      async (c) => c.json(await forgotPassword(c.var.ctx, c.req.valid("json"))),
    )
    .post(
      "/reset-password/:reset_link",
      limitOpen,
      responds(200, "MessageResponse"),
      valid("param", ResetLinkParam),
      body(ResetPassword),
      limit("new_password"),
      async (c) => {
        const { reset_link } = c.req.valid("param");
        return c.json(await resetPassword(c.var.ctx, reset_link, c.req.valid("json")));
      },
    )
    .post("/token/refresh", limitOpen, responds(200, "TokenPairResponse"), body(TokenRefresh), async (c) =>
      c.json(await refreshSession(c.var.ctx, c.req.valid("json").refresh)),
    );

/** What needs a token. */
export const signedInAuth = () =>
  new Hono<HubEnv>({ strict: false }).post("/logout", responds(204, null), async (c) => {
    await endSession(c.var.ctx);
    return c.body(null, 204);
  });
