import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildWeb } from "./build/web.ts";
import { companies } from "./demo/data.ts";
import { saveOutgoing } from "./eml.ts";
import { fillDemo, readOldMail } from "./fill.ts";
import { chatLink } from "./hub/chat/page.ts";
import { addDemoPeople, hubCommands, startHubDemo } from "./hub/fill.ts";
import { PASSWORD, people } from "./hub/people.ts";
import { startHubStandIns } from "./hub/stand-ins.ts";
import { applyMigrations, databaseFile } from "./local-database.ts";
import { mailboxCommands, startDemoMailboxes } from "./mailboxes.ts";
import { serve } from "./nylas/server.ts";
import { createNylasSim, type OutgoingMail } from "./nylas/sim.ts";
import { type DevOptions, readOptions, requireFreePorts } from "./options.ts";
import { listenSmtp } from "./smtp.ts";
import {
  accountVars,
  addDemoTelegramUser,
  startLocalTelegram,
  telegramInstructions,
} from "./telegram/local.ts";
import { readDevVars, signTenantToken, signToken } from "./token.ts";
import { startWorker } from "./wrangler.ts";

// `npm run dev`: the Worker with its mailboxes, two demo companies, people of UzbekHub, and a user of Telegram auto-mailing.
// Stand-ins serve Nylas, which also receives messages by SMTP, mail servers, what UzbekHub talks to, and Telegram.

/** Who the printed token is of: in the demo, she signs the mails of sales. */
const USER = "Dilnoza Karimova";

/** Of the demo, in the Email Service API. */
const TENANT = {
  tenant: "0b6d3f0e-5a3c-4a1e-9d0c-1f2e3d4c5b6a",
  user: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
};

/** As in wrangler.toml. */
const CRON_MS = 600_000;

async function main(options: DevOptions): Promise<void> {
  const { state, port, nylasPort, smtpPort, mailPorts } = options;
  await requireFreePorts(options);
  // Not the name of versions whose database had another place: their state is replaced.
  const memory = join(state, "stand-in.json");
  const sentFolder = join(state, "sent-mail");
  // Without its snapshot the stand-in lacks the mailboxes that the Worker's data refer to, so start over.
  if (options.fresh || !existsSync(memory)) rmSync(state, { recursive: true, force: true });
  mkdirSync(sentFolder, { recursive: true });
  if (!existsSync(".dev.vars")) copyFileSync(".dev.vars.example", ".dev.vars");
  const vars = readDevVars(".dev.vars");

  const isNew = !existsSync(memory);
  const sim = createNylasSim({
    apiKey: vars.NYLAS_API_KEY ?? "",
    controlToken: "control",
    seed: Date.now(),
    webhooks: [{ url: `http://127.0.0.1:${port}/webhooks/nylas`, secret: vars.NYLAS_WEBHOOK_SECRET ?? "" }],
    onOutgoing: (mail) => void keep(sentFolder, mail),
    ...(isNew ? {} : { snapshot: JSON.parse(readFileSync(memory, "utf8")) }),
  });
  const remember = () => writeFileSync(memory, JSON.stringify(sim.snapshot()));

  // Wrangler would do so, but its error would be in the log alone.
  await buildWeb();
  applyMigrations(state);
  addDemoPeople(databaseFile(join(state, "v3", "d1"), "HUB_DB"));
  addDemoTelegramUser(databaseFile(join(state, "v3", "d1"), "TELEGRAM_DB"));
  const nylas = await serve(sim, { port: nylasPort });
  const mailboxes = await startDemoMailboxes({ state, sentFolder, ports: mailPorts, onSent: tellSent });
  const hub = await startHubStandIns(sentFolder, tellSent);
  const telegram = await startLocalTelegram(state, options.telegramPorts);
  const smtp = await listenSmtp({
    port: smtpPort,
    accepts: (address) => mailboxes.has(address) || sim.hasGrant(address),
    onMail: (mail, { to }, raw) => {
      sim.inbound(mail);
      mailboxes.receive(raw, to);
      console.log(`Received for ${mail.to.map(({ email }) => email).join(", ")}: ${mail.subject}`);
    },
  });
  console.log("Starting the Worker …");
  const worker = await startWorker({
    port,
    state,
    // A company of an earlier version stays in D1 until `npm run move` moves it.
    vars: {
      NYLAS_API_URI: `http://127.0.0.1:${nylasPort}`,
      STORE: "objects",
      ...withoutOwn(hub.vars, vars),
    },
    engines: {
      mailbox: { ...mailboxes.vars, ...ofMailboxes(vars) },
      telegram: accountVars(telegram, vars),
    },
    ca: mailboxes.ca,
    logFile: join(state, "worker.log"),
  });

  let isStopping = false;
  const stop = async (code: number) => {
    if (isStopping) return;
    isStopping = true;
    console.log("\nStopping …");
    await Promise.all([worker.stop(), smtp.close(), nylas.close(), mailboxes.close(), hub.close()]);
    await telegram.close();
    if (existsSync(memory)) remember();
    process.exit(code);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));
  void worker.exited.then(() => stop(1));
  // npm runs this in a shell, which does not forward the signal that ends it.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && void stop(0), 500);

  const url = `http://localhost:${port}`;
  // Locally the cron trigger does not run by itself.
  setInterval(() => void fetch(`${url}/cdn-cgi/handler/scheduled`).catch(() => {}), CRON_MS);
  const ids = companies.map(({ id }) => id);
  const claims = { user: 1, name: USER, companies: ids, role: "admin", hours: 24 };
  const token = await signToken(claims, vars.JWT_SECRET ?? "");
  if (isNew) {
    await fillDemo(sim, { url, token }, (arrived, expected) => {
      process.stdout.write(`\rFilling the demo mailboxes: ${arrived} of ${expected} mails`);
    });
    await readOldMail({ url, token });
    process.stdout.write("\n");
    remember();
  }
  const tenantToken = await signTenantToken({ ...TENANT, role: "user", hours: 24 }, vars.JWT_SECRET ?? "");
  const commands = mailboxCommands({ url, token: tenantToken, ports: mailPorts });
  const [hubToken = "", otherToken = ""] = await startHubDemo(url);
  const chat = chatLink(hub.page, url, [hubToken, otherToken]);
  const told = telegramInstructions(url, telegram, vars);
  console.log(await instructions({ url, token, smtpPort, state, commands, hubToken, chat, telegram: told }));
}

/** What the Worker gets beside one's own .dev.vars, which may be older than UzbekHub and Telegram auto-mailing. */
function withoutOwn(standIns: Record<string, string>, own: Record<string, string>): Record<string, string> {
  const newer = Object.entries(readDevVars(".dev.vars.example")).filter(([name]) =>
    /^(HUB|TELEGRAM)_/.test(name),
  );
  return Object.fromEntries([...newer, ...Object.entries(standIns)].filter(([name]) => !own[name]));
}

/** Such as MAIL_OAUTH, of one's own .dev.vars. */
const ofMailboxes = (vars: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(vars).filter(([name, value]) => name.startsWith("MAIL_") && value !== ""),
  );

async function keep(folder: string, mail: OutgoingMail): Promise<void> {
  const path = await saveOutgoing(folder, mail);
  tellSent(
    mail.recipients.map(({ email }) => email),
    path,
  );
}

const tellSent = (to: string[], path: string): void =>
  console.log(`Sent to ${to.join(", ")}, kept as ${path}`);

async function instructions(at: {
  url: string;
  token: string;
  smtpPort: number;
  state: string;
  commands: ReturnType<typeof mailboxCommands>;
  hubToken: string;
  chat: string;
  telegram: string;
}): Promise<string> {
  const headers = { authorization: `Bearer ${at.token}` };
  const [account] = (await (await fetch(`${at.url}/accounts/`, { headers })).json()) as { id: string }[];
  const mail = {
    email_account_id: account?.id,
    to: [{ email: "mijoz@example.com" }],
    subject: "Salom",
    body_html: "<p>Salom!</p>",
  };
  const [mailbox] = companies.flatMap(({ mailboxes }) => mailboxes);
  return `
Open the inbox, signed in:
${at.url}/#token=${at.token}

Xabar answers at ${at.url}
Read and try the API at ${at.url}/docs

A token (user 1, ${USER}, admin of the companies ${companies.map(({ id, name }) => `${id} ${name}`).join(" and ")}), valid for 24 hours:
${at.token}

List the inbox:
curl -s '${at.url}/inbox/?size=3' -H 'Authorization: Bearer ${at.token}'

Follow live events:
curl -sN '${at.url}/sse/events?token=${at.token}'

Send a message (saved in ${join(at.state, "sent-mail")}):
curl -s ${at.url}/messages/send/ -H 'Authorization: Bearer ${at.token}' -H 'Content-Type: application/json' -d '${JSON.stringify(mail)}'

Connect a mailbox of one of their mail servers (any other works the same way), sync it, and send from it:
${at.commands.connect}
${at.commands.sync}
${at.commands.send}

UzbekHub (${at.url}/docs?hub) has ${people.length} people, who sign in with the password ${PASSWORD}. A token of ${people[0]?.email}, valid for 12 hours:
${at.hubToken}

Read the feed, write a post with a picture, and find people within 10 km:
${hubCommands(at.url, at.hubToken).join("\n")}

Chat as ${people[0]?.first_name} and ${people[1]?.first_name}, side by side in one page:
${at.chat}

Its mails, such as the code of a sign-up, are kept in ${join(at.state, "sent-mail")}. \`npm run token -- --google a@b.example\` prints what Google's sign-in would give.

${at.telegram}

Mail clients can send to the demo mailboxes by SMTP at localhost:${at.smtpPort}, for example to ${mailbox?.email}.
The Worker's log is ${join(at.state, "worker.log")}. Ctrl-C stops everything; \`npm run dev -- --fresh\` starts over.
`;
}

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
