import { mailOf } from "./calls-intake.ts";
import { type Client, createClient, unique } from "./client.ts";
import { db } from "./db.ts";
import { createGrant } from "./nylas.ts";
import type { ObservedWorker } from "./observed-worker.ts";

async function connect(worker: ObservedWorker, as: Client) {
  const email_address = `erased${unique()}@demo.example`;
  const { id: grant_id } = await createGrant(email_address);
  const request = { company_id: as.claims.companies[0], email_address, grant_id };
  const { body } = await worker.request("POST /accounts", { as, body: request });
  return { id: body.id as string, email_address, grant_id };
}

/** Erases an account that shares threads with another, and then its company, to the end. */
export async function eraseEverything(worker: ObservedWorker): Promise<void> {
  const as = await createClient();
  const [company = 0] = as.claims.companies;
  const [one, two] = [await connect(worker, as), await connect(worker, as)];
  await worker.notify("message.created", mailOf(one, { id: "a question" }));
  const { body: list } = await worker.request("GET /messages", { as });
  const answer = {
    email_account_id: two.id,
    to: [{ email: "c@out.example" }],
    subject: "Re",
    body_html: "Yes",
  };
  await worker.request("POST /messages/:message_id/reply", {
    as,
    ids: { message_id: list.items[0].id },
    body: answer,
  });
  await worker.request("DELETE /accounts/:account_id", {
    as,
    ids: { account_id: one.id },
    query: "erase=true",
  });
  await worker.request("DELETE /companies/:company_id", { as, ids: { company_id: String(company) } });
  await db.prepare("UPDATE ems_erasures SET started_at = 0, due_at = 0").run();
  await worker.cron();
  for (const account_id of [one.id, two.id, ""]) {
    const body = { type: "erase", company_id: company, account_id };
    await worker.deliver({ queue: "xabar-jobs", body, attempts: 1 });
  }
}
