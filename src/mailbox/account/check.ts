import { withDeadline } from "../../lib/deadline.ts";
import type { MailboxContext } from "../context.ts";
import type { MailboxSecrets, MailboxSettings, Owner } from "../contract.ts";
import { knownSmtp } from "../discover/smtp.ts";
import { MailError } from "../errors.ts";
import { capabilitiesOf, closeImap, openImap } from "../imap/client.ts";
import { checkHost } from "../net/hosts.ts";
import { popLogin } from "../pop3/client.ts";
import { type Credentials, givenCredentials } from "../secrets/credentials.ts";
import { smtpLogin } from "../smtp/login.ts";
import { checkOwner, findAccount } from "../store/account.ts";
import { withCanonicalHosts } from "./settings.ts";

/** Somebody waits for it. In milliseconds. */
const PATIENCE = 15_000;

/**
 * Logs in with these settings, and keeps nothing: at the incoming server, and at the SMTP server where it is known without
 * a look-up. Without `secrets` it takes the kept ones.
 * @returns what the incoming server can do
 * @throws MailError NOT_FOUND for another's mailbox, or without secrets for one that was never opened; CONNECTION_FAILED
 * also after 15 seconds; and what the servers or the OAuth provider refuse
 */
export async function checkLogin(
  ctx: MailboxContext,
  owner: Owner,
  given: MailboxSettings,
  secrets?: MailboxSecrets,
): Promise<{ capabilities: string[] }> {
  if (!secrets || findAccount(ctx)) checkOwner(ctx, owner);
  const settings = withCanonicalHosts(given);
  try {
    return await withDeadline(PATIENCE, async () => {
      const credentialsFor = await givenCredentials(ctx, owner, settings, secrets);
      const capabilities = await incomingLogin(ctx, settings, credentialsFor("incoming"));
      const smtp = knownSmtp(settings);
      if (smtp) {
        await checkHost(ctx.env, smtp);
        await smtpLogin(smtp, credentialsFor("smtp"));
      }
      return { capabilities };
    });
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    throw isLate ? new MailError("CONNECTION_FAILED", "The mail server did not answer in time") : error;
  }
}

async function incomingLogin(
  ctx: MailboxContext,
  { protocol, incoming }: MailboxSettings,
  credentials: Credentials,
): Promise<string[]> {
  if (protocol === "pop3") return (await popLogin(ctx.env, incoming, credentials)).capabilities;
  const client = await openImap(ctx.env, incoming, credentials);
  const capabilities = capabilitiesOf(client);
  await closeImap(client);
  return capabilities;
}
