import * as z from "zod/mini";
import { flag } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { address, encryption, hostname, line, objectId, page, port } from "../schemas.ts";

export const AccountParam = lazy(() => z.object({ accountId: objectId() }));

export const AccountsQuery = lazy(() => z.object(page(100, 1000)));
export type AccountsQuery = Infer<typeof AccountsQuery>;

/** `verify=true` logs in first, so that wrong settings are refused and nothing is stored. */
export const VerifyQuery = lazy(() => z.object({ verify: z._default(flag(), false) }));

/** By the contract; it also keeps a mistyped one from being tried. */
const MIN_PASSWORD = 8;
const MAX_SECRET = 10_000;

const password = lazy(() =>
  z.string().check(z.minLength(MIN_PASSWORD, `at least ${MIN_PASSWORD} characters`), z.maxLength(MAX_SECRET)),
);

const provider = lazy(() => z.enum(["google", "microsoft"]));

/** How to log in without a password: with a refresh token, or with the operator's own right to all mailboxes of a tenant. */
const auth = lazy(() =>
  z.union([
    z.object({
      type: z.literal("oauth2"),
      provider: provider(),
      refreshToken: z.string().check(z.minLength(1), z.maxLength(MAX_SECRET)),
    }),
    z.object({ type: z.literal("oauth2"), provider: provider(), tenant: line(253) }),
  ]),
);
export type Auth = Infer<typeof auth>;

/** The server for sending. What is left out is looked up. */
const smtp = lazy(() => ({
  smtpHost: z.optional(hostname()),
  smtpPort: z.optional(port()),
  smtpEncryption: z.optional(encryption()),
  smtpUsername: z.optional(line(255)),
}));

const SECONDS_A_DAY = 86_400;

const syncInterval = lazy(() => z.int().check(z.minimum(60), z.maximum(SECONDS_A_DAY)));

/** What an account has however it logs in. */
const settings = lazy(() => ({
  accountName: line(255),
  emailAddress: address(),
  protocol: z.enum(["imap", "pop3"]),
  hostname: hostname(),
  port: port(),
  encryption: encryption(),
  username: line(255),
  isSyncEnabled: z._default(z.boolean(), true),
  syncInterval: z._default(syncInterval(), 300),
  ...smtp(),
}));

export const AccountCreate = lazy(() =>
  z
    .object({
      ...settings(),
      password: z.optional(password()),
      smtpPassword: z.optional(z.string().check(z.maxLength(MAX_SECRET))),
      auth: z.optional(auth()),
    })
    .check(
      z.refine(({ password, auth }) => (password === undefined) !== (auth === undefined), {
        path: ["password"],
        message: "give either a password or auth",
      }),
    ),
);
export type AccountCreate = Infer<typeof AccountCreate>;

export const AccountUpdate = lazy(() =>
  z.object({
    accountName: z.optional(line(255)),
    /** The same, if at all. */
    emailAddress: z.optional(z.string()),
    hostname: z.optional(hostname()),
    port: z.optional(port()),
    encryption: z.optional(encryption()),
    username: z.optional(line(255)),
    password: z.optional(password()),
    isSyncEnabled: z.optional(z.boolean()),
    syncInterval: z.optional(syncInterval()),
    isEnabled: z.optional(z.boolean()),
    ...smtp(),
    smtpPassword: z.optional(z.string().check(z.maxLength(MAX_SECRET))),
    auth: z.optional(auth()),
  }),
);
export type AccountUpdate = Infer<typeof AccountUpdate>;

/** An account whose owner signs in at the provider. */
export const SignInStart = lazy(() =>
  z.object({
    ...settings(),
    /** Where the browser goes in the end; without it, the account is answered. */
    returnTo: z.optional(z.string()),
  }),
);
export type SignInStart = Infer<typeof SignInStart>;

export const ProviderParam = lazy(() => z.object({ provider: provider() }));

/** What a provider sends a browser back with. */
export const SignInReturn = lazy(() =>
  z.object({
    state: z.string().check(z.maxLength(500)),
    code: z.optional(z.string().check(z.maxLength(10_000))),
  }),
);
export type SignInReturn = Infer<typeof SignInReturn>;
