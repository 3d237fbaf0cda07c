import { env, exports } from "cloudflare:workers";
import { startSession } from "../../src/hub/auth/sessions.ts";
import { createContext } from "../../src/hub/context.ts";
import type { users } from "../../src/hub/schema/users.ts";
import type { NewRow } from "../../src/platform/d1/write.ts";
import { type Answered, call, unique } from "./client.ts";

/** Somebody who is signed in. */
export interface Person {
  id: number;
  email: string;
  username: string;
  token: string;
  refresh: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
  call<T = any>(method: string, path: string, body?: unknown, headers?: HeadersInit): Promise<Answered<T>>;
  /** Sends multipart/form-data. A list is a field that occurs several times. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  form<T = any>(method: string, path: string, fields: Record<string, FormValue>): Promise<Answered<T>>;
}

type FormValue = string | Blob | (string | Blob)[];

/** The hub's database. */
export const hubDb: D1Database = env.HUB_DB;

/** A context of verbs, for tests that call them. */
export const hubContext = () => createContext(env, { waitUntil: () => {} });

/** Makes a person with a verified e-mail, without going through the sign-up, and signs them in. */
export async function createPerson(changes: Partial<NewRow<typeof users>> = {}): Promise<Person> {
  const name = `user${unique()}`;
  const row = {
    email: `${name}@hub.example`,
    username: name,
    date_joined: Date.now(),
    ...changes,
  };
  const columns = Object.keys(row);
  const { id } = (await hubDb
    .prepare(
      `INSERT INTO hub_users (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")}) RETURNING id`,
    )
    .bind(...Object.values(row))
    .first<{ id: number }>())!;
  const { access, refresh } = await startSession(hubContext(), id);
  return {
    ...{ id, email: row.email as string, username: row.username as string, token: access, refresh },
    call: (method, path, body, headers) => call(access, method, path, body, headers),
    form: (method, path, fields) => sendForm(access, method, path, fields),
  };
}

/** Sends multipart/form-data. */
export async function sendForm<T>(
  token: string | null,
  method: string,
  path: string,
  fields: Record<string, FormValue>,
): Promise<Answered<T>> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields))
    for (const each of [value].flat()) body.append(name, each as string);
  const response = await exports.default.fetch(
    new Request(`https://xabar.test${path}`, {
      method,
      body,
      headers: token ? { authorization: `Bearer ${token}` } : {},
    }),
  );
  const text = await response.text();
  const isJson = text && response.headers.get("content-type")?.includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
