import type { NewChat } from "../../dev/telegram/contract.ts";
import type { TelegramStandIn } from "../../dev/telegram/stand-in.ts";
import { eventually } from "../support/clock.ts";
import type { RunningWorker } from "../support/worker.ts";
import { RUNS_PATH, type RunTimes } from "./contract.ts";

/** A Worker, and the stand-in for Telegram that its accounts talk to. */
export interface Stage {
  worker: RunningWorker;
  telegram: TelegramStandIn;
}

/** Somebody with a phone that is signed in. */
export interface Person {
  user: number;
  phone: string;
}

const API = "/api/v1/auto-mailing";

let users = 0;

/** Adds users with a subscription. @returns their ids */
export async function addUsers({ worker: { telegramDb } }: Stage, count: number): Promise<number[]> {
  const ids = Array.from({ length: count }, () => ++users);
  await telegramDb
    .prepare(
      `INSERT INTO telegram_users (id, phone, first_name, lang, sender_ends_at, created_at)
       SELECT value, value, 'Ali', 1, '2099-12-31', 0 FROM json_each(?)`,
    )
    .bind(JSON.stringify(ids))
    .run();
  return ids;
}

/** Makes a user whose phone is signed in, and is a member of some groups. */
export async function connectPerson(stage: Stage, groups: number): Promise<Person> {
  const [user = 0] = await addUsers(stage, 1);
  const phone = `99890${String(user).padStart(7, "0")}`;
  await control(stage, "POST", "/users", [{ phone }]);
  const chats: NewChat[] = Array.from({ length: groups }, (_, nth) => ({
    ...{ title: `Group ${nth} of ${phone}`, kind: "supergroup", members: [phone] },
  }));
  await control(stage, "POST", "/chats", chats);
  await call(stage, "POST", `/accounts/${user}/send-code/`, { phone });
  const { code } = await control<{ code: string }>(stage, "GET", `/phones/${phone}`);
  await call(stage, "POST", `/accounts/${user}/verify-code/`, { phone, code });
  await eventually("The groups are known", async () => {
    const known = await call<unknown[]>(stage, "GET", `/groups/${user}/`);
    return known.length === groups ? true : undefined;
  });
  return { user, phone };
}

/** Asks the API. @throws Error for what is no success */
export async function call<T = { success?: boolean }>(
  { worker }: Stage,
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const response = await fetch(`${worker.url}${API}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  const answer = JSON.parse(text);
  if (!response.ok || answer.success === false)
    throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return answer;
}

/** Asks the bench's Worker. */
export async function ask<T>({ worker }: Stage, method: string, path: string, body?: object): Promise<T> {
  const init = body ? { body: JSON.stringify(body) } : {};
  const response = await fetch(`${worker.url}${path}`, { method, ...init });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json() as Promise<T>;
}

/** The runs of a user's mailing, oldest first. */
export const runsOf = (stage: Stage, user: number): Promise<RunTimes[]> =>
  ask(stage, "GET", `${RUNS_PATH}?user=${user}`);

/** Asks the stand-in's control API. */
export async function control<T>(
  { telegram }: Stage,
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const init = body ? { body: JSON.stringify(body) } : {};
  const response = await telegram.fetch(new Request(`http://stand-in${path}`, { method, ...init }));
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json() as Promise<T>;
}
