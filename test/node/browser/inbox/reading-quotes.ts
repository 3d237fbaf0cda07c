import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { openInbox, receiveStored } from "../../support/inbox.ts";
import { mailIn, openThread } from "../../support/reading.ts";

// What mail programs quote below an answer is folded away; nothing else is.

const OLD = "What was written before";
const quote = (inner = OLD) => `<blockquote style="margin:0 0 0 8px">${inner}</blockquote>`;

/** HTML of an answer as mail programs write it: only `Answer` is to be seen. */
const FOLDED: Record<string, string> = {
  Gmail: `<div dir="ltr">Answer</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Mon, Jun 1, 2026 at 9:00 AM Ali &lt;<a href="mailto:ali@x.example">ali@x.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote">${OLD}</blockquote></div>`,
  "Apple Mail": `<div>Answer</div><div><br><blockquote type="cite"><div>On 1 Jun 2026, at 09:00, Ali &lt;ali@x.example&gt; wrote:</div><br><div>${OLD}</div></blockquote></div>`,
  Outlook: `<div class="WordSection1"><p class="MsoNormal">Answer</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> Ali &lt;ali@x.example&gt;<br><b>Sent:</b> Monday, June 1, 2026 9:00 AM<br><b>To:</b> Support<br><b>Subject:</b> Old</p></div></div><p class="MsoNormal">${OLD}</p></div>`,
  "Outlook on the web": `<div>Answer</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Ali<br><b>Sent:</b> Monday<br><b>To:</b> Support<br><b>Subject:</b> Old</div><div>${OLD}</div>`,
  "Outlook in Russian": `<p>Answer</p><div style="border-top:solid #B5C4DF 1.0pt"><p><b>От:</b> Али<br><b>Отправлено:</b> 1 июня 2026 г. 9:00<br><b>Кому:</b> Support<br><b>Тема:</b> Old</p></div><p>${OLD}</p>`,
  Thunderbird: `<p>Answer</p><div class="moz-cite-prefix">On 01.06.2026 09:00, Ali wrote:<br></div>${quote()}`,
  Yahoo: `<div>Answer</div><div class="yahoo_quoted"><div>On Monday, June 1, 2026, Ali wrote:</div><div>${OLD}</div></div>`,
  "Mail.ru": `<div>Answer</div>${quote(`Понедельник, 1 июня 2026, 9:00 +05:00 от Али &lt;ali@x.example&gt;:<br>${OLD}`)}`,
  Yandex: `<div>Answer</div><div><br></div><div>01.06.2026, 09:00, "Али" &lt;ali@x.example&gt;:</div>${quote()}`,
  "Xabar, in Uzbek": `<div dir="ltr"><p>Answer</p></div><div class="quote">1-iyn, 2026, 09:00, Ali &lt;ali@x.example&gt; yozdi:<br>${quote()}</div>`,
  "Xabar itself": `<div>Answer</div><div><br></div><div>On 2026-06-01 09:00 UTC, Ali &lt;ali@x.example&gt; wrote:</div>${quote(`<div>${OLD}</div>${quote("Older")}`)}`,
  "an original message": `<div>Answer</div><div>-----Original Message-----</div><div>From: Ali</div><div>${OLD}</div>`,
};

/** HTML in which nothing is to be folded. */
const WHOLE: Record<string, string> = {
  "nothing but a quote": `<div class="gmail_quote"><div class="gmail_attr">On Mon, Ali wrote:</div><blockquote>Answer. ${OLD}</blockquote></div>`,
  "an answer below the quote": `${quote()}<p>Answer</p>`,
  "answers between quotes": `<p>Answer</p><div class="gmail_quote"><div class="gmail_attr">On Mon, Ali wrote:</div><blockquote>${OLD}</blockquote><div>One</div><blockquote>more</blockquote><div>Two</div></div>`,
  "a quote of a book": `<p>Answer</p>${quote()}<p>So it says.</p>`,
  "a forwarded message": `<div>Answer</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: Ali<br>Date: Mon<br>Subject: Old<br>To: Support</div><div>${OLD}</div></div>`,
  "a newsletter": `<table width="600"><tr><td>Answer</td></tr><tr><td><b>From:</b> us to you</td></tr><tr><td>${OLD}</td></tr></table>`,
};

const TEXTS: Record<string, string> = {
  English: `Answer\n\nOn Mon, Jun 1, 2026 at 9:00 AM Ali <ali@x.example> wrote:\n\n> ${OLD}\n>\n> more`,
  "English, over two lines": `Answer\n\nOn Mon, Jun 1, 2026 at 9:00 AM Ali with a long name\n<ali@x.example> wrote:\n> ${OLD}`,
  Russian: `Answer\n\n1 июня 2026 г., 09:00, Али <ali@x.example> пишет:\n> ${OLD}`,
  Uzbek: `Answer\n\n1-iyn, 2026, 09:00, Ali <ali@x.example> yozdi:\n> ${OLD}`,
  "an original message": `Answer\n\n-----Original Message-----\nFrom: Ali\nSent: Monday\nTo: us\nSubject: Old\n\n${OLD}`,
  Outlook: `Answer\n\n________________________________\nFrom: Ali\nSent: Monday\nTo: us\nSubject: Old\n\n${OLD}`,
};

const WHOLE_TEXTS: Record<string, string> = {
  "answers between quotes": `> ${OLD}\n\nAnswer`,
  "nothing but a quote": `> ${OLD}\n> Answer`,
};

const both = (kind: "html" | "text", cases: Record<string, string>) =>
  Object.entries(cases).map(([name, body]) => ({ name: `${name} (${kind})`, [kind]: body }));

const folded = [...both("html", FOLDED), ...both("text", TEXTS)];
const whole = [...both("html", WHOLE), ...both("text", WHOLE_TEXTS)];
const threads = new Map<string, string>();
let page: Page;

beforeAll(async () => {
  ({ page } = await openInbox());
  const all: { name: string; html?: string; text?: string }[] = [...folded, ...whole];
  for (let at = 0; at < all.length; at += 8) {
    const some = all.slice(at, at + 8).map(async ({ name, html, text }) => {
      const mail = html === undefined ? { text: text ?? "" } : { html, text: "as HTML" };
      threads.set(name, (await receiveStored(mail)).thread_id);
    });
    await Promise.all(some);
  }
});

const bodyOf = (name: string): Locator =>
  name.endsWith("(html)") ? mailIn(page).locator("body") : page.locator(".text-body");

/** What a reader sees of the mail. */
async function read(name: string): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: what is folded away is not to be read
  return (await bodyOf(name).innerText()).replace(/\s+/g, " ").trim();
}

async function open(name: string): Promise<void> {
  await openThread(page, threads.get(name)!);
  if (name.endsWith("(html)")) await page.locator(".mail-frame[data-state=shown]").waitFor();
}

describe("a quote is folded, with the line above it", () => {
  test.each(folded.map(({ name }) => name))("%s", async (name) => {
    await open(name);
    await waitFor(async () => expect(await read(name)).toBe("Answer"));
    await page.getByRole("button", { name: "Show the quoted messages" }).click();
    await bodyOf(name).getByText(OLD).waitFor();
    await page.getByRole("button", { name: "Hide the quoted messages" }).click();
    await waitFor(async () => expect(await read(name)).toBe("Answer"));
  });
});

describe("nothing else is folded", () => {
  test.each(whole.map(({ name }) => name))("%s", async (name) => {
    await open(name);
    await waitFor(async () => expect(await read(name)).toContain(OLD));
    expect(await read(name)).toContain("Answer");
    expect(await page.locator(".quote-button").count()).toBe(0);
  });
});
