import { sql } from "../platform/d1/sql.ts";
import type { Ctx } from "./context.ts";

const STATES = ["syncing", "active", "auth_failed", "failing", "disabled", "closed"];

/** A label's value in Prometheus's text format. */
const label = (text: string): string =>
  text.replace(/[\\"\n]/g, (character) => JSON.stringify(character).slice(1, -1));

/** The module's metrics in Prometheus's text format, from a few rows however many accounts there are. */
export async function readMetrics({ db }: Ctx): Promise<string> {
  const rows = await db.all(sql<{ name: string; value: number }>`SELECT name, value FROM es_totals`);
  const totals = new Map(rows.map(({ name, value }) => [name, value]));
  const states = STATES.map(
    (state) => `xabar_mail_accounts{state="${state}"} ${totals.get(`state_${state}`) ?? 0}\n`,
  );
  const keys = rows.flatMap(({ name, value }) =>
    name.startsWith("key_") ? `xabar_mail_key_accounts{key="${label(name.slice(4))}"} ${value}\n` : [],
  );
  return `# HELP xabar_mail_accounts Mailboxes of the Email Service API.
# TYPE xabar_mail_accounts gauge
${states.join("")}# HELP xabar_mail_key_accounts Mailboxes whose secrets a key of MAIL_KEYS seals: at 0 it can be removed.
# TYPE xabar_mail_key_accounts gauge
${keys.join("")}`;
}
