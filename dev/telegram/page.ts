import { html } from "hono/html";
import type { Fault } from "./contract.ts";
import { type Account, type Chat, markedId } from "./world/state.ts";
import type { World } from "./world/world.ts";

/** Posts of a chat that the page shows. */
const POSTS_SHOWN = 5;
/** Most phones and chats, so that the page of a big test still opens. */
const ROWS_SHOWN = 200;

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#dcdfe4, #33383f); --soft: light-dark(#5b6470, #9aa4b0);
  --card: light-dark(#fff, #1c2025); --tag: light-dark(#e8eef7, #26313f); --warn: light-dark(#9a3412, #fdba74); }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; background: light-dark(#f4f5f7, #131619); }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); }
th, td { text-align: left; padding: .45rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; font-size: .85rem; color: var(--soft); }
.scroll { overflow-x: auto; }
code { font: 600 1.05em ui-monospace, monospace; letter-spacing: .06em; }
article { background: var(--card); border: 1px solid var(--line); border-radius: .4rem; margin: .7rem 0; padding: .8rem 1rem; }
article h3 { font-size: 1rem; margin: 0; display: inline; } .tag { background: var(--tag); border-radius: .8rem;
  font-size: .78rem; padding: .1rem .55rem; margin-left: .3rem; display: inline-block; }
blockquote { margin: .6rem 0 0; padding: .1rem 0 .1rem .8rem; border-left: 3px solid var(--line); }
blockquote .tag { margin-left: 0; }
blockquote p { white-space: pre-wrap; overflow-wrap: anywhere; } .warn { color: var(--warn); }
`;

/** The page for people: who has which code, what was posted where, and what goes wrong. It refreshes itself. */
export function page(world: World) {
  const accounts = [...world.accounts.values()];
  const chats = [...world.chats.values()].filter(({ kind }) => kind !== "user");
  const newestFirst = chats.toSorted((one, other) => lastAt(other) - lastAt(one));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="3">
<link rel="icon" href="data:,">
<title>Telegram stand-in</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Telegram stand-in</h1>
<p class="soft">Nothing here is real: no phone gets a code, and no group a post.</p>
<h2>Phones</h2>
<div class="scroll"><table>
<thead><tr><th>Phone</th><th>Name</th><th>Last code</th><th>Two-step password</th><th>Sessions</th></tr></thead>
<tbody>${accounts.slice(0, ROWS_SHOWN).map((account) => phoneRow(world, account))}</tbody>
</table></div>
${more(accounts.length)}
<h2>Groups and channels</h2>
${newestFirst.length === 0 ? html`<p class="soft">There are none.</p>` : ""}
${newestFirst.slice(0, ROWS_SHOWN).map((chat) => chatCard(world, chat))}
${more(newestFirst.length)}
<h2>Planned faults</h2>
${faults(world.faults.planned)}
</main>
</body>
</html>`;
}

const more = (rows: number) =>
  rows > ROWS_SHOWN ? html`<p class="soft">And ${rows - ROWS_SHOWN} more.</p>` : "";

const lastAt = ({ messages }: Chat): number => messages.at(-1)?.at ?? 0;

function phoneRow(world: World, account: Account) {
  const { signedIn, openConnections } = world.sessionsOf(account.phone);
  const isValid = account.code && !account.code.isUsed && world.now() < account.code.expiresAt;
  const state = account.isBanned ? "banned" : account.isDeactivated ? "deleted" : "";
  return html`<tr>
<td>+${account.phone}${account.isRegistered ? "" : tag("no account")}${state ? tag(state) : ""}</td>
<td>${account.firstName}</td>
<td>${isValid ? html`<code>${account.code?.digits}</code>` : html`<span class="soft">none</span>`}</td>
<td>${account.password ?? html`<span class="soft">none</span>`}</td>
<td>${signedIn}<span class="soft">, ${openConnections} connected</span></td>
</tr>`;
}

const tag = (text: string) => html`<span class="tag">${text}</span>`;

function tagsOf(chat: Chat): string[] {
  const rules: [unknown, string][] = [
    [chat.username === null && chat.kind !== "group", "private"],
    [chat.isForum, "forum"],
    [chat.isArchived, "archived"],
    [chat.isReadOnly, "read only"],
    [chat.isClosed, "topic closed"],
    [chat.slowMode, `slow mode ${chat.slowMode} s`],
    [chat.price, `${chat.price} stars a post`],
    [chat.migratedTo, "became a supergroup"],
    [chat.isDeactivated, "deactivated"],
  ];
  return [chat.kind, ...rules.filter(([holds]) => holds).map(([, text]) => text)];
}

function chatCard(world: World, chat: Chat) {
  const { title, username, messages } = chat;
  const shown = messages.slice(-POSTS_SHOWN).toReversed();
  return html`<article>
<h3>${title}</h3>${tagsOf(chat).map(tag)}
<p class="soft">${username === null ? "" : `t.me/${username} · `}${markedId(chat)} · ${membersTold(chat)} ·
${messages.length === 1 ? "1 post" : `${messages.length} posts`}</p>
${shown.map((message) => postTold(world.told(message)))}
</article>`;
}

function membersTold({ members }: Chat): string {
  const told = Object.entries(members).map(
    ([phone, state]) => `+${phone}${state === "member" ? "" : ` (${state})`}`,
  );
  const [shown, rest] = [told.slice(0, 3).join(", "), told.length - 3];
  if (told.length === 0) return "nobody";
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

function postTold({ phone, at, text, media }: ReturnType<World["told"]>) {
  const time = new Date(at).toISOString().slice(0, 19).replace("T", " ");
  return html`<blockquote>
<p class="soft">+${phone} · ${time} UTC</p>
${media ? html`<p>${tag(mediaTold(media))}</p>` : ""}
<p>${text}</p>
</blockquote>`;
}

function mediaTold({
  kind,
  size,
  width,
  height,
  duration,
}: NonNullable<ReturnType<World["told"]>["media"]>): string {
  const length = duration ? `, ${duration} s` : "";
  return `${kind === "photo" ? "picture" : "video"} ${width} × ${height}${length}, ${Math.ceil(size / 1024)} KB`;
}

function faults(planned: readonly Fault[]) {
  if (planned.length === 0) return html`<p class="soft">None.</p>`;
  return html`<div class="scroll"><table><tbody>
${planned.slice(0, ROWS_SHOWN).map((fault) => html`<tr><td class="warn">${JSON.stringify(fault)}</td></tr>`)}
</tbody></table></div>`;
}
