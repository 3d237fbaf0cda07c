import { argon2Sync, randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { fillChat, type Member } from "./chat/fill.ts";
import { type DemoPerson, PASSWORD, people } from "./people.ts";
import { picture } from "./pictures.ts";

/** Adds the people of the demo to the database, while no Worker runs: as if they had signed up. */
export function addDemoPeople(file: string): void {
  const sqlite = new DatabaseSync(file);
  const insert = sqlite.prepare(
    "INSERT OR IGNORE INTO hub_users (email, password, date_joined, is_staff) VALUES (?, ?, ?, ?)",
  );
  for (const [at, { email }] of people.entries())
    insert.run(email, hash(PASSWORD), Date.now(), at === 0 ? 1 : 0);
  sqlite.close();
}

/** As a PHC string, with the cost that the Worker expects. */
function hash(password: string): string {
  const [nonce, cost] = [randomBytes(16), { memory: 19_456, passes: 2, parallelism: 1 }];
  const tag = argon2Sync("argon2id", { message: password, nonce, tagLength: 32, ...cost });
  const [salt, digest] = [nonce, tag].map((bytes) => bytes.toString("base64").replace(/=+$/, ""));
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${salt}$${digest}`;
}

type Fields = Record<string, string | number | Uint8Array<ArrayBuffer> | undefined>;

/** Calls the hub with a form. @throws Error with the answer when it is refused */
async function send<T>(
  { url, token }: { url: string; token?: string },
  method: string,
  path: string,
  fields: Fields,
): Promise<T> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (value instanceof Uint8Array)
      body.append(name, new File([value], `${name}.png`, { type: "image/png" }));
    else body.append(name, String(value));
  }
  const headers = token ? { authorization: `Bearer ${token}` } : undefined;
  const response = await fetch(url + path, { method, body, ...(headers ? { headers } : {}) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} is answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Signs somebody of the demo in. @returns the access token */
export async function signIn(
  url: string,
  { email }: Pick<DemoPerson, "email"> = people[0]!,
): Promise<string> {
  const path = "/api/accounts/auth/signin/";
  const { token } = await send<{ token: { access: string } }>({ url }, "POST", path, {
    email,
    password: PASSWORD,
  });
  return token.access;
}

/** Somebody who is signed in. */
interface Guest {
  person: DemoPerson;
  at: { url: string; token: string };
  id: number;
}

/** Gives the people of the demo names, pictures, positions, posts and stories, through the API. */
export async function fillHub(url: string): Promise<void> {
  const guests: Guest[] = [];
  for (const person of people) {
    const at = { url, token: await signIn(url, person) };
    const { username, first_name, last_name, bio, phone, hue } = person;
    const profile = { username, first_name, last_name, bio, phone, profile_picture: picture(hue, 0) };
    const { id } = await send<{ id: number }>(at, "PATCH", "/api/accounts/account/profile/", profile);
    guests.push({ person, at, id });
  }
  for (const guest of guests) await introduce(guest, guests);
  const posts: string[] = [];
  // One round after the other, so that the feed is not sorted by people.
  for (let round = 0; round < 2; round++) {
    for (const { person, at } of guests) {
      const content = person.posts[round];
      if (content === undefined) continue;
      const images = round === 0 ? picture(person.hue, round + 1, 320) : undefined;
      posts.push((await send<{ id: string }>(at, "POST", "/api/posts/post/", { content, images })).id);
    }
  }
  for (const [at, post] of posts.entries()) await react(guests[(at + 1) % guests.length]!, post);
}

async function introduce({ person, at, id }: Guest, guests: Guest[]): Promise<void> {
  const { lat, long, status, story, hue } = person;
  await send(at, "POST", "/api/accounts/account/location/", { lat, long });
  await send(at, "POST", "/api/accounts/account/status/", { content: status });
  const others = guests.filter((each) => each.id !== id).slice(0, 3);
  for (const other of others)
    await send(at, "POST", "/api/accounts/account/contact/", {
      contact: other.id,
      nikname: other.person.first_name,
    });
  if (story !== undefined)
    await send(at, "POST", "/api/stories/active/", {
      media: picture(hue, 9, 320),
      caption: story,
      audience: "public",
    });
}

async function react({ at }: Guest, post: string): Promise<void> {
  await send(at, "POST", "/api/posts/views/", { post });
  await send(at, "POST", "/api/posts/like/", { post });
  await send(at, "POST", "/api/posts/comment/", { post, comment: "Zoʻr!" });
}

/** Three commands for a shell: they read the feed, write a post and find people nearby. */
export function hubCommands(url: string, token: string): string[] {
  const signed = `-H 'Authorization: Bearer ${token}'`;
  return [
    `curl -s '${url}/api/posts/post/?page=1&page_size=3' ${signed}`,
    `curl -s ${url}/api/posts/post/ ${signed} -F 'content=Assalomu alaykum!' -F 'images=@docs/images/inbox.png'`,
    `curl -s ${url}/api/accounts/account/location/10/ ${signed}`,
  ];
}

/**
 * Fills the demo of the hub, unless that is done.
 * @returns the access tokens of its people. The first is staff
 */
export async function startHubDemo(url: string): Promise<string[]> {
  const tokens: string[] = [];
  for (const person of people) tokens.push(await signIn(url, person));
  const [first = ""] = tokens;
  if ((await profileOf(url, first)).username === null) await fillHub(url);
  const members: Member[] = [];
  for (const token of tokens) members.push({ token, id: (await profileOf(url, token)).id });
  await fillChat(url, members);
  return tokens;
}

async function profileOf(url: string, token: string): Promise<{ id: number; username: string | null }> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/api/accounts/account/profile/`, { headers });
  return (await answer.json()) as { id: number; username: string | null };
}
