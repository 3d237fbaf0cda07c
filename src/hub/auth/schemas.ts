import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { email, password, text } from "../fields.ts";

const FIVE_DIGITS = /^\d{5}$/;

/** Imported passwords may be shorter or longer than new ones. */
const givenPassword = lazy(() =>
  z
    .string("Not a valid string.")
    .check(
      z.minLength(1, "This field may not be blank."),
      z.maxLength(1000, "Ensure this field has no more than 1000 characters."),
    ),
);

/** Told beside other bad fields. */
const sameAs = (name: string) =>
  z.refine<Record<string, unknown>>((fields) => fields[name] === fields.confirm_password, {
    path: ["confirm_password"],
    message: "Passwords do not match.",
    when: ({ value }) => isGiven(value, name) && isGiven(value, "confirm_password"),
  });

const isGiven = (fields: unknown, name: string): boolean =>
  typeof fields === "object" && fields !== null && typeof Reflect.get(fields, name) === "string";

export const SignUp = lazy(() =>
  z
    .object({ email: email(), password: password(), confirm_password: z.string("Not a valid string.") })
    .check(sameAs("password")),
);
export type SignUp = Infer<typeof SignUp>;

/** Without `email`, as in the contract, the cookie or the address says whose code it is. */
export const EmailVerify = lazy(() =>
  z.object({
    code: z.pipe(
      z.pipe(
        z.union([z.string(), z.int()], "Not a valid string."),
        z.transform((code) => String(code).trim().padStart(5, "0")),
      ),
      z.string().check(z.regex(FIVE_DIGITS, "Enter the five digits of the code.")),
    ),
    email: z.optional(email()),
  }),
);
export type EmailVerify = Infer<typeof EmailVerify>;

export const SignIn = lazy(() => z.object({ email: email(), password: givenPassword() }));
export type SignIn = Infer<typeof SignIn>;

/** An ID token. */
export const GoogleSignIn = lazy(() => z.object({ token: text(10_000) }));
export type GoogleSignIn = Infer<typeof GoogleSignIn>;

export const ForgotPassword = lazy(() => z.object({ email: email() }));
export type ForgotPassword = Infer<typeof ForgotPassword>;

export const ResetLinkParam = lazy(() => z.object({ reset_link: z.string() }));

export const ResetPassword = lazy(() =>
  z
    .object({ new_password: password(), confirm_password: z.string("Not a valid string.") })
    .check(sameAs("new_password")),
);
export type ResetPassword = Infer<typeof ResetPassword>;

export const TokenRefresh = lazy(() => z.object({ refresh: text(5000) }));
export type TokenRefresh = Infer<typeof TokenRefresh>;
