import * as z from "zod/mini";

const Encryption = z.enum(["none", "tls", "starttls"]);

/** Times are in milliseconds since the epoch. */
export const AccountResponse = z.object({
  id: z.string(),
  tenantId: z.string(),
  userId: z.string(),
  accountName: z.string(),
  emailAddress: z.string(),
  protocol: z.enum(["imap", "pop3"]),
  hostname: z.string(),
  port: z.int(),
  encryption: Encryption,
  username: z.string(),
  isSyncEnabled: z.boolean(),
  /** In seconds. */
  syncInterval: z.int(),
  lastSyncAt: z.nullable(z.int()),
  isSyncing: z.boolean(),
  isEnabled: z.boolean(),
  createdAt: z.int(),
  /** Of the settings. */
  updatedAt: z.int(),
  /** `failing` is tried again by itself; `auth_failed` waits for other settings. */
  state: z.enum(["syncing", "active", "auth_failed", "failing", "disabled", "closed"]),
  lastError: z.nullable(z.object({ code: z.string(), message: z.string(), at: z.int() })),
  /** Of the mail server. */
  capabilities: z.array(z.string()),
  auth: z.union([
    z.object({ type: z.literal("password") }),
    z.object({
      type: z.literal("oauth2"),
      provider: z.enum(["google", "microsoft"]),
      tenant: z.optional(z.string()),
    }),
  ]),
  /** The server for sending, as far as the owner gave it. */
  smtpHost: z.optional(z.string()),
  smtpPort: z.optional(z.int()),
  smtpEncryption: z.optional(Encryption),
  smtpUsername: z.optional(z.string()),
});
export type AccountResponse = z.infer<typeof AccountResponse>;

export const Pagination = z.object({ total: z.int(), limit: z.int(), offset: z.int() });

export const AccountListResponse = z.object({ accounts: z.array(AccountResponse), pagination: Pagination });
export type AccountListResponse = z.infer<typeof AccountListResponse>;

/** Where the mailbox's owner signs in. */
export const SignInResponse = z.object({ url: z.string() });
export type SignInResponse = z.infer<typeof SignInResponse>;
