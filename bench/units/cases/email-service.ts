import { signTenantToken } from "../../../dev/token.ts";
import { call, type Stage } from "../stage.ts";
import type { Case } from "./case.ts";

/** A user of the Email Service API, in a tenant with as many accounts of others. */
const TENANT = { tenant: "00000000-0000-4000-8000-000000000001", role: "user", hours: 1 };
const USER = "00000000-0000-4000-8000-000000000002";
const COLLEAGUE = "00000000-0000-4000-8000-000000000003";
const ACCOUNTS = 100;

const idOf = (n: number): string => `c${String(n).padStart(24, "0")}`;

/** Inserts the accounts of both, unless they are there. */
const fill = ({ worker }: Stage) =>
  worker.emailServiceDb
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${2 * ACCOUNTS - 1})
       INSERT OR IGNORE INTO es_accounts (id, tenant_id, user_id, account_name, email_address, protocol, hostname, port,
         encryption, username, smtp, login, is_sync_enabled, sync_interval, is_enabled, state, created_at, updated_at)
       SELECT 'c' || printf('%024d', i), ?1, iif(i % 2, ?2, ?3), 'Work', 'user' || i || '@demo.example', 'imap',
         'imap.demo.example', 993, 'tls', 'user', '{}', '{"type":"password"}', 1, 300, 1, 'active', 1, 1 FROM n`,
    )
    .bind(TENANT.tenant, USER, COLLEAGUE)
    .run();

const get = (name: string, route: string, path: string): Case => ({
  ...{ name, route },
  prepare: async (stage) => {
    await fill(stage);
    const token = await signTenantToken({ ...TENANT, user: USER }, stage.secrets.JWT_SECRET);
    const headers = { authorization: `Bearer ${token}` };
    return async () => {
      await call(stage, null, "GET", path, undefined, headers);
      return undefined;
    };
  },
});

/**
 * The routes that need no mailbox: the script of the mailboxes does not run here, and `bench mail` measures it. An account is
 * answered as it last told.
 */
export const EMAIL_SERVICE: Case[] = [
  get("email accounts, all 100", "GET /api/accounts", "/api/accounts"),
  get("email accounts, a page of 10", "GET /api/accounts", "/api/accounts?limit=10"),
  get("an email account", "GET /api/accounts/:accountId", `/api/accounts/${idOf(1)}`),
];

/** Routes that ask a mailbox. */
export const OF_MAILBOXES =
  /^(POST|PUT|PATCH|DELETE) \/(api|oauth)\/|^GET \/(oauth\/|api\/(:accountId|sync))/;
