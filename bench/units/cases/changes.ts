import { filledId } from "../../support/fill.ts";
import { receiveMail } from "../../support/tenant.ts";
import { call, NEW_COMPANY, type Stage, type User } from "../stage.ts";
import { type Case, having, plain } from "./case.ts";

/** Messages in the connected mailbox. */
const HISTORY = 200;

const firstOf = (user: User, path: string) => async (stage: Stage) =>
  (await call(stage, user, "GET", path)).items[0];

/** A change of the first entry of an inbox list. */
const change = (name: string, user: User, list: string, verb: string): Case =>
  having(
    name,
    { route: `PATCH /inbox/:inbox_id/${verb}` },
    firstOf(user, list),
    (stage, { id }: { id: string }) => call(stage, user, "PATCH", `/inbox/${id}/${verb}`),
  );

const INBOX: Case[] = [
  change("read a mail, the first that is touched", "colleague", "/inbox/", "read"),
  change("read a mail, one of ten unread", "reader", "/inbox/?is_read=false", "read"),
  change("unread a mail", "reader", "/inbox/?is_read=true", "unread"),
  change("star a mail, not touched before", "newcomer", "/inbox/?page=3", "star"),
  change("star a mail", "reader", "/inbox/", "star"),
  change("unstar a mail", "reader", "/inbox/?is_starred=true", "unstar"),
  having(
    "star 25 mails at once",
    { route: "PATCH /inbox" },
    (stage) => call(stage, "reader", "GET", "/inbox/?page=5"),
    (stage, { items }: { items: { id: string }[] }) =>
      call(stage, "reader", "PATCH", "/inbox/", {
        ids: items.map(({ id }) => id),
        changes: { is_starred: true },
      }),
  ),
  change("archive a mail", "reader", "/inbox/?is_read=true", "archive"),
  having(
    "take a mail out of the archive",
    { route: "PATCH /inbox/:inbox_id/unarchive" },
    async (stage) => {
      const { id } = await firstOf("reader", "/inbox/?page=2")(stage);
      await call(stage, "reader", "PATCH", `/inbox/${id}/archive`);
      return id;
    },
    (stage, id) => call(stage, "reader", "PATCH", `/inbox/${id}/unarchive`),
  ),
  plain("read a thread of 4", { route: "PATCH /inbox/threads/:thread_id/read" }, (stage) =>
    call(stage, "colleague", "PATCH", `/inbox/threads/${filledId("thread", 1, 20)}/read`),
  ),
  plain("protect a thread", { route: "PATCH /threads/:thread_id" }, (stage) =>
    call(stage, "colleague", "PATCH", `/threads/${filledId("thread", 1, 21)}`, { do_not_delete: true }),
  ),
];

const anAccount = { provider: "gmail", company_id: NEW_COMPANY };

const ACCOUNTS: Case[] = [
  plain("name a company", { route: "PUT /companies/:company_id" }, (stage) =>
    call(stage, "founder", "PUT", `/companies/${NEW_COMPANY}`, { name: "Founders" }),
  ),
  having(
    `connect a mailbox of ${HISTORY} mails`,
    { route: "POST /accounts" },
    async ({ sim }) => {
      const email_address = "founder@demo.example";
      const { id: grant_id } = sim.addGrant({ email: email_address, provider: "google" });
      for (let n = 0; n < HISTORY; n++) receiveMail(sim, email_address, `Letter ${n}`);
      return { ...anAccount, email_address, grant_id };
    },
    (stage, account) => call(stage, "founder", "POST", "/accounts/", account),
  ),
  having("change an account", { route: "PATCH /accounts/:account_id" }, founded, (stage, id) =>
    call(stage, "founder", "PATCH", `/accounts/${id}`, { display_name: "The founder" }),
  ),
  having("disconnect an account", { route: "DELETE /accounts/:account_id" }, founded, (stage, id) =>
    call(stage, "founder", "DELETE", `/accounts/${id}`),
  ),
  plain(`erase a company of ${HISTORY} mails`, { route: "DELETE /companies/:company_id" }, (stage) =>
    call(stage, "founder", "DELETE", `/companies/${NEW_COMPANY}`),
  ),
];

/** The sign-in of a mailbox's owner. */
const SIGN_IN: Case[] = [
  plain("begin a sign-in", { route: "GET /accounts/connect" }, beginSignIn),
  having("come back from a sign-in", { route: "GET /accounts/connect/callback" }, consent, (_stage, back) =>
    fetch(back, { redirect: "manual" }),
  ),
  having("finish a sign-in", { route: "POST /accounts/connect" }, consent, (stage, back) => {
    const { code, state } = Object.fromEntries(new URL(back).searchParams);
    return call(stage, "founder", "POST", "/accounts/connect", { code, state });
  }),
];

/** @returns the provider's page */
async function beginSignIn(stage: Stage): Promise<string> {
  const query = new URLSearchParams({ company_id: String(NEW_COMPANY), provider: "google", return_to: "/" });
  return (await call<{ url: string }>(stage, "founder", "GET", `/accounts/connect?${query}`)).url;
}

/** The owner consents. @returns where the browser is sent */
async function consent(stage: Stage): Promise<string> {
  const page = await beginSignIn(stage);
  const { headers } = await fetch(`${page}&sim_auto=owner@demo.example`, { redirect: "manual" });
  return headers.get("location") ?? "";
}

async function founded(stage: Stage): Promise<string> {
  const [account] = await call<{ id: string }[]>(stage, "founder", "GET", "/accounts/");
  if (!account) throw new Error("The founder has no account");
  return account.id;
}

const createDraft = (stage: Stage) =>
  call<{ id: string; version: number }>(stage, "colleague", "POST", "/drafts/", {
    email_account_id: stage.mailbox.accountId,
    to: [{ email: "customer@out.example" }],
    subject: "About order",
    body_html: "<p>Dear customer,</p>",
  });

const DRAFTS: Case[] = [
  plain("begin a draft", { route: "POST /drafts" }, createDraft),
  having("change a draft", { route: "PATCH /drafts/:draft_id" }, createDraft, (stage, { id, version }) =>
    call(stage, "colleague", "PATCH", `/drafts/${id}`, { subject: "Other" }, { "if-match": `"${version}"` }),
  ),
  having("delete a draft", { route: "DELETE /drafts/:draft_id" }, createDraft, (stage, { id }) =>
    call(stage, "colleague", "DELETE", `/drafts/${id}`),
  ),
  having("send a draft", { route: "POST /drafts/:draft_id/send" }, createDraft, (stage, { id }) =>
    call(stage, "colleague", "POST", `/drafts/${id}/send`, {}),
  ),
];

/** Changes by users, except sending. */
export const CHANGES: Case[] = [...INBOX, ...ACCOUNTS, ...SIGN_IN, ...DRAFTS];
