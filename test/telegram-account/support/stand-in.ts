import type { Fault, NewChat, NewUser } from "../../../dev/telegram/contract.ts";

const CONTROL = "https://telegram-control.test";

/** Calls the control API. @throws for whatever is not answered with success */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${CONTROL}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
  return answer.json();
}

interface Phone {
  /** The last login code. */
  code: string | null;
  codesSent: number;
  /** How many sessions are signed in. */
  signedIn: number;
  openConnections: number;
  /** The most that one session has had at once. */
  mostConnections: number;
  uploads: number;
  messagesToPeople: number;
  /** How often each method was called. */
  calls: Record<string, number>;
}

/** The stand-in for Telegram, as its operator sees it. */
export const standIn = {
  addUsers: (...users: NewUser[]) => ask<object>("POST", "/users", users),
  addChats: (...chats: NewChat[]) => ask<{ chats: { id: number }[] }>("POST", "/chats", chats),
  phone: (phone: string) => ask<Phone>("GET", `/phones/${phone}`),
  change: (
    phone: string,
    changes: { password?: string | null; isBanned?: boolean; isDeactivated?: boolean },
  ) => ask<object>("PATCH", `/phones/${phone}`, changes),
  /** Telegram ends all sessions of the phone. */
  revoke: (phone: string) => ask<object>("POST", `/phones/${phone}/revoke`),
  expireCode: (phone: string) => ask<object>("POST", `/phones/${phone}/expire-code`),
  plan: (...faults: Fault[]) => ask<object>("POST", "/faults", faults),
  clear: (phone: string) => ask<object>("DELETE", `/faults?phone=${phone}`),
};
