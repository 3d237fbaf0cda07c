import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "POST /api/accounts/auth/signup": {
    id: "signUp",
    summary: "Sign up",
    description:
      "Sends a code of five digits by mail. It does not sign in. An e-mail that is not verified can be signed up again: then the earlier code and password are void.",
    security: [],
    responses: { 201: { description: "A code is sent.", headers: ["Set-Cookie"] } },
  },
  "POST /api/accounts/auth/email-verify": {
    id: "verifyEmail",
    summary: "Verify the e-mail of a sign-up",
    description:
      "Whose code it is tells the `email`, else the cookie of the sign-up, else the address that it came from. A code is good for 10 minutes and 5 wrong guesses.",
    security: [],
    responses: { 200: { description: "The account is there.", headers: ["Set-Cookie"] } },
  },
  "POST /api/accounts/auth/signin": {
    id: "signIn",
    summary: "Sign in",
    security: [],
    responses: {
      401: { description: "The e-mail or the password is wrong.", schemas: ["RefusedResponse"] },
      403: {
        description: "The e-mail is not verified. Another code is sent.",
        schemas: ["RefusedResponse"],
      },
    },
  },
  "POST /api/accounts/auth/oauth2/google": {
    id: "signInByGoogle",
    summary: "Sign in by Google",
    description: "`token` is an ID token with a verified e-mail. An access token proves nothing, and is 400.",
    security: [],
  },
  "POST /api/accounts/auth/forgot-password": {
    id: "forgotPassword",
    summary: "Ask for a link to set a new password",
    description: "The answer is the same whether the e-mail has an account or not.",
    security: [],
  },
  "POST /api/accounts/auth/reset-password/:reset_link": {
    id: "resetPassword",
    summary: "Set a new password by a link",
    description: "A link works once, for an hour. All sessions end.",
    security: [],
  },
  "POST /api/accounts/auth/token/refresh": {
    id: "refreshToken",
    summary: "Get new tokens",
    description:
      "The old refresh token gives the same pair for 30 seconds more. After that its use ends the session.",
    security: [],
    responses: {
      401: { description: "The token is not valid, or its session has ended.", schemas: ["RefusedResponse"] },
    },
  },
  "POST /api/accounts/auth/logout": {
    id: "signOut",
    summary: "Sign out",
    description: "Ends the session.",
    responses: { 204: "Signed out." },
  },
};
