import type { RunningWorker } from "../support/worker.ts";
import type { HubPerson } from "../units/billing.ts";
import { reset, settled } from "../units/stage.ts";
import type { Rows } from "./contract.ts";
import { measurePassword } from "./passwords.ts";
import { fillPeople, PASSWORD } from "./people.ts";
import { fillPosts, isUnliked } from "./posts.ts";

/** Posts of the smaller size. */
export const FEW_POSTS = 1000;

/** The rows that D1 bills for each call, with those of its authentication and of what it does afterwards. */
export interface Measured {
  authentication: Rows;
  signIn: Rows;
  search: { many: Rows; inAnyOrder: Rows };
  nearby: { city: Rows; desert: Rows };
  /** By size: few, many. */
  posts: { newest: Rows; page: Rows; secondPage: Rows }[];
  like: Rows;
  comment: Rows;
  answer: Rows;
  view: Rows;
  /** CPU of a hash, in milliseconds. */
  password: number;
}

/** Fills the database of a Worker, and measures each call once. */
export async function measure(
  worker: RunningWorker,
  sizes: { people: number; posts: number },
): Promise<Measured> {
  console.error(`${sizes.people.toLocaleString("en-US")} people: filling …`);
  const { citizen, nomad } = await fillPeople(worker, sizes.people);
  // The first sign-in replaces the imported hash.
  await signIn(worker, citizen);
  const password = await measurePassword(worker);
  const signingIn = await rowsOf(worker, () => signIn(worker, citizen));
  const people = await measurePeople(worker, citizen, nomad);
  const posts: Measured["posts"] = [];
  for (const [from, to] of [
    [0, FEW_POSTS],
    [FEW_POSTS, sizes.posts],
  ] as const) {
    console.error(`${to.toLocaleString("en-US")} posts: filling …`);
    await fillPosts(worker, { from, to, people: sizes.people, viewer: citizen.id });
    posts.push(await measureLists(worker, await signIn(worker, citizen)));
  }
  const changes = await measureChanges(worker, await signIn(worker, citizen));
  return { password, signIn: signingIn, ...people, posts, ...changes };
}

async function measurePeople(worker: RunningWorker, citizen: HubPerson, nomad: HubPerson) {
  const token = await signIn(worker, citizen);
  const get = (path: string, fewest: number, as = token) =>
    rowsOf(worker, () => list(worker, as, path, fewest));
  // A path that only the middleware answers.
  const authentication = await rowsOf(worker, () =>
    call(worker, "GET", "/api/posts/nothing/", { token }, 404),
  );
  const many = await get("/api/accounts/account/search/al/", 50);
  const inAnyOrder = await get("/api/accounts/account/search/alisher%20zafar/", 0);
  const city = await get("/api/accounts/account/location/5/", 100);
  const desert = await get("/api/accounts/account/location/20/", 0, await signIn(worker, nomad));
  return { authentication, search: { many, inAnyOrder }, nearby: { city, desert } };
}

async function measureLists(worker: RunningWorker, token: string) {
  const newest = await rowsOf(worker, () => list(worker, token, "/api/posts/post/", 100));
  const pageOf = (number: number) =>
    rowsOf(worker, async () => {
      const path = `/api/posts/post/?page=${number}`;
      const { results } = await call<{ results: unknown[] }>(worker, "GET", path, { token });
      if (results.length !== 25) throw new Error(`A page has ${results.length} posts`);
    });
  return { newest, page: await pageOf(1), secondPage: await pageOf(2) };
}

async function measureChanges(worker: RunningWorker, token: string) {
  const newest = await call<{ id: string }[]>(worker, "GET", "/api/posts/post/", { token });
  const post = newest.find(({ id }) => isUnliked(id))?.id;
  const send = (path: string, body: object) =>
    call<{ id: string }>(worker, "POST", path, { token, body }, 201);
  const like = await rowsOf(worker, () => send("/api/posts/like/", { post }));
  const comment = await rowsOf(worker, () => send("/api/posts/comment/", { post, comment: "Good." }));
  const { id: reply_to } = await send("/api/posts/comment/", { post, comment: "Why?" });
  const answer = await rowsOf(worker, () => send("/api/posts/comment/", { post, comment: "So.", reply_to }));
  const view = await rowsOf(worker, () => send("/api/posts/views/", { post }));
  return { like, comment, answer, view };
}

/** The rows of a call, once everything that it began has ended. */
async function rowsOf(worker: RunningWorker, run: () => Promise<unknown>): Promise<Rows> {
  await settled({ worker });
  await reset({ worker });
  await run();
  const { units } = await settled({ worker });
  return { read: units.rowsRead, written: units.rowsWritten };
}

/** @returns an access token: for a minute, its requests do not write when the person was last online */
async function signIn(worker: RunningWorker, { username }: HubPerson): Promise<string> {
  const body = { email: `${username}@hub.example`, password: PASSWORD };
  const { token } = await call<{ token: { access: string } }>(worker, "POST", "/api/accounts/auth/signin/", {
    body,
  });
  return token.access;
}

/** Reads a list. @throws Error if it has fewer items, so that nothing is measured that was not there */
async function list(worker: RunningWorker, token: string, path: string, fewest: number): Promise<void> {
  const items = await call<unknown[]>(worker, "GET", path, { token });
  if (items.length < fewest) throw new Error(`${path} has ${items.length} items`);
}

async function call<T>(
  worker: RunningWorker,
  method: string,
  path: string,
  { token, body }: { token?: string; body?: object },
  expected = 200,
): Promise<T> {
  const response = await fetch(`${worker.url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (response.status !== expected) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}
