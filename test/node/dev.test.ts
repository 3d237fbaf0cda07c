import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { WAIT_MS, waitFor } from "../support/wait.ts";
import { addressBarFacts } from "./address-bar.ts";
import { accountFacts } from "./guide/accounts.ts";
import { setBaseUrl } from "./guide/client.ts";
import { inboxFacts } from "./guide/inbox.ts";
import { liveFacts } from "./guide/live.ts";
import { pathFacts } from "./guide/paths.ts";
import { readingFacts } from "./guide/reading.ts";
import { sendingFacts } from "./guide/sending.ts";
import type { InboxItem } from "./guide/types.ts";
import { becomeBrowser, follow, signIn } from "./support/browser.ts";
import { paste, pasteEndless, requireCurl } from "./support/curl.ts";
import { type DevServer, freePorts, isClosed, startDevServer } from "./support/dev-server.ts";
import { deliver, keptMail, uniqueSubject } from "./support/mail.ts";
import { createTerminal, tutorialBlocks } from "./support/tutorial.ts";

const state = mkdtempSync(join(tmpdir(), "xabar-dev-"));
const ports = await freePorts();
let server: DevServer;

beforeAll(async () => {
  server = await startDevServer(state, ports);
  becomeBrowser();
  vi.spyOn(console, "log").mockReturnValue(); // the guide's client logs each connection
  setBaseUrl(server.url);
});

afterEach(({ task }) => {
  if (task.result?.state === "fail") console.error(`The server's output:\n${server.output.tail(50)}`);
});

afterAll(async () => {
  try {
    await server?.stop();
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});

describe("the frontend guide's client, unchanged", () => {
  pathFacts();
  accountFacts(() => server);
  inboxFacts();
  readingFacts(() => server);
  sendingFacts(
    () => server,
    () => join(state, "sent-mail"),
  );
  liveFacts(() => server);
});

addressBarFacts(() => server);

describe("the README's commands", () => {
  const subject = uniqueSubject("Va'da");
  const inInbox = async (line: string) => {
    const { items } = (await paste(line)) as { items: InboxItem[] };
    return items.find(({ message }) => message.subject === subject);
  };

  test("the first line that it prints opens the inbox signed in, with a token that only the page sees", async () => {
    const link = new URL(/^Open the inbox, signed in:\n(\S+)$/m.exec(server.output.text())?.[1] ?? "");
    expect(link.hash).toBe(`#token=${server.token}`);
    expect(await (await fetch(link)).text()).toContain('<div id="root">');
  });

  test("the printed lines work when pasted: a mail shows up in the inbox and on the open stream", async () => {
    await requireCurl();
    const [inbox = "", events = "", send = ""] = server.curls;
    expect(await paste(inbox)).toMatchObject({ page: 1, size: 3, items: [{}, {}, {}] });

    const stream = pasteEndless(events);
    await stream.until(/^event: connected\ndata: {"message":"connected","user_id":1}\nid: \S+\n\n/m, WAIT_MS);
    await deliver(server, { to: "support@yolchi.example", subject, text: "Va'da qilinganidek" });
    const [, data = ""] = await stream.until(/^event: message\.created\ndata: (.*)\nid: \S+\n\n/m, WAIT_MS);
    stream.kill();
    const item = await inInbox(inbox);
    expect(item?.message.id).toBe(JSON.parse(data).message_id);

    const since = server.output.text().length;
    const sent = await paste(send);
    expect(sent).toMatchObject({ direction: "outbound", to_addresses: [{ email: "mijoz@example.com" }] });
    const { mail } = await keptMail(server, "mijoz@example.com", since);
    expect(mail.subject).toBe(sent.subject);
  });

  /** The account that the printed lines connect. */
  let account = "";
  const ofAccount = (line: string) => paste(`account=${account}; ${line}`);
  const get = (path: string) => {
    const [authorization = ""] = /-H 'Authorization: [^']*'/.exec(server.mailboxLines[1] ?? "") ?? [];
    return paste(`curl -s ${server.url}${path} ${authorization}`);
  };
  const syncMailbox = async () => {
    const { taskId } = await ofAccount(server.mailboxLines[1] ?? "");
    await waitFor(async () =>
      expect(await get(`/api/sync/task/${taskId}`)).toMatchObject({ status: "success" }),
    );
    const { folders } = await get(`/api/${account}/folders`);
    const counts = folders.map((each: { type: string; messageCount: number }) => [
      each.type,
      each.messageCount,
    ]);
    return Object.fromEntries(counts);
  };

  test("the printed lines for a mailbox work when pasted: it is connected and synced, and its mail goes out", async () => {
    const [connect = "", , send = ""] = server.mailboxLines;
    account = await paste(`${connect} >/dev/null; echo "\\"$account\\""`);
    const { inbox, sent } = await syncMailbox();
    expect(inbox).toBeGreaterThan(50);

    const since = server.output.text().length;
    const { messageId } = await ofAccount(send);
    const { mail } = await keptMail(server, "mijoz@example.com", since);
    expect(mail.subject).toBe("Salom");
    expect(await get(`/api/${account}/messages/${messageId}`)).toMatchObject({ subject: "Salom" });
    expect(await syncMailbox()).toMatchObject({ inbox, sent: sent + 1 });
  });

  test("the printed lines for Telegram work when pasted: a phone is connected, and its groups get the ad", async () => {
    const [sendCode = "", verify = "", start = ""] = server.telegram.lines;
    expect(await paste(sendCode)).toEqual({ success: true });
    expect(await paste(verify)).toEqual({ success: true });
    // Its groups are looked up in the background.
    const [api = ""] = /http\S*(?=\/mailing\/)/.exec(start) ?? [];
    const groups = `${api}/groups/123456789/`;
    await waitFor(async () => expect(await paste(`curl -s ${groups}`)).not.toEqual([]));
    const started = await paste(`(${start.replaceAll("; curl", " >/dev/null; curl")})`);
    expect(started).toMatchObject({ success: true, mailing: { is_active: true, max_steps: 16 } });
    const posted = async () => await (await fetch(server.telegram.page)).text();
    await waitFor(async () => expect(await posted()).toContain("Yuk bor: Toshkent"));
  });

  test("SIGTERM to npm stops everything, and a second start keeps all mail", async () => {
    const { total } = await paste(server.curls[0] ?? "");
    const mailbox = await syncMailbox();
    const authorization = `-H 'Authorization: Bearer ${server.token}'`;
    const { position } = await paste(`curl -s '${server.url}/events' ${authorization}`);
    await server.stop();
    expect(await Promise.all(Object.values(ports).map(isClosed))).toEqual(Object.keys(ports).map(() => true));

    server = await startDevServer(state, ports);
    expect(server.output.text()).not.toContain("Filling");
    const [inbox = ""] = server.curls;
    expect(await paste(inbox)).toMatchObject({ total });
    expect(await inInbox(inbox)).toMatchObject({ account_email: "support@yolchi.example" });
    expect(await syncMailbox()).toEqual(mailbox);

    await signIn(60, [2]);
    const live = await follow();
    const next = uniqueSubject("Ertasi kuni");
    await deliver(server, { to: "support@yolchi.example", subject: next, text: "Yana men" });
    const { message } = await live.arrival(next);
    live.close();
    // A stream from before the restart gets the events it missed.
    const resumed = pasteEndless(
      `curl -sN '${server.url}/sse/events?token=${server.token}&last_event_id=${position}'`,
    );
    const [, missed = ""] = await resumed.until(
      /^event: message\.created\ndata: (.*)\nid: \S+\n\n/m,
      WAIT_MS,
    );
    resumed.kill();
    expect(JSON.parse(missed).message_id).toBe(message.id);
  });

  test("the tutorial's commands work, in their order", async () => {
    const ports = {
      "localhost:8787": new URL(server.url).host,
      "localhost:2525": `localhost:${server.smtpPort}`,
    };
    const terminal = createTerminal(state, ports);
    const [start, ...blocks] = tutorialBlocks();
    const [signIn = "", look = "", stream = "", mail = "", note = "", read = "", version = "", reply = ""] =
      blocks;
    expect(start).toBe("npm ci && npm run dev\n");
    await terminal.run(signIn);
    expect(await terminal.run(look)).toContain('"account_id"');

    const events = pasteEndless(terminal.prepare(stream));
    await events.until(/^event: connected$/m, WAIT_MS);
    await terminal.run(mail);
    await events.until(/^event: message\.created\ndata: .*Ten tonnes of raisins/m, WAIT_MS);
    events.kill();
    await waitFor(() => terminal.run(note));
    expect(await terminal.run(read)).toContain('"is_starred":true');

    await terminal.run(version);
    const answers = [await terminal.run(reply), await terminal.run(reply)].map((text) => JSON.parse(text));
    expect(answers[0]).toMatchObject({ direction: "outbound", subject: "Re: Ten tonnes of raisins" });
    expect(answers[1]).toEqual(answers[0]);
  });
});
