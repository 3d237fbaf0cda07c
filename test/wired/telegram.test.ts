import { describe, expect, it } from "vitest";
import type { Fault, NewChat, NewUser, Posted } from "../../dev/telegram/contract.ts";
import { createTelegramUser, type TelegramUser } from "../support/telegram-client.ts";

// Both scripts, with nothing in between replaced: the API asks the mailing's object, that one the accounts by RPC, and these
// speak MTProto with the stand-in for Telegram.

/** Asks the stand-in's control API. */
async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`https://telegram-control.test${path}`, { method, ...init });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const newPhone = (): string =>
  `99893${String(crypto.getRandomValues(new Uint32Array(1))[0])
    .padStart(10, "0")
    .slice(-7)}`;

interface PhoneState {
  code: string | null;
  uploads: number;
  messagesToPeople: number;
  mostConnections: number;
}

/** Somebody with a Telegram account, and groups that it may write in. */
async function createPhone(changes: Partial<NewUser> = {}, groups: Partial<NewChat>[] = [{}]) {
  const phone = newPhone();
  await control("POST", "/users", [{ phone, ...changes }]);
  const chats = groups.map((group, at) => ({
    ...{ title: `Yuk ${phone} ${at}`, kind: "supergroup", members: [phone] },
    ...group,
  }));
  const made = await control<{ chats: { id: number }[] }>("POST", "/chats", chats);
  return {
    phone,
    chats: made.chats.map(({ id }) => id),
    state: () => control<PhoneState>("GET", `/phones/${phone}`),
    posts: () => control<(Posted & { chat: number })[]>("GET", `/posts?phones=${phone}`),
    plan: (fault: Fault) => control("POST", "/faults", [{ phone, ...fault }]),
  };
}

type Phone = Awaited<ReturnType<typeof createPhone>>;

/** Signs the phone in for a user, and waits until its groups are known. */
async function connect(user: TelegramUser, { phone, chats, state }: Phone): Promise<void> {
  const { body } = await user.call("POST", "/accounts/{id}/send-code/", { phone: `+${phone}` });
  expect(body).toEqual({ success: true });
  const { code } = await state();
  const verified = await user.call("POST", "/accounts/{id}/verify-code/", { phone: `+${phone}`, code });
  expect(verified.body).toEqual({ success: true });
  await knowsGroups(user, chats.length);
}

const knowsGroups = (user: TelegramUser, count: number) =>
  expect.poll(async () => (await user.call("GET", "/groups/{id}/")).body.length).toBe(count);

/** Writes the ad, and starts the mailing. */
async function start(user: TelegramUser, text: string): Promise<void> {
  expect((await user.call("PATCH", "/mailing/{id}/", { text })).status).toBe(200);
  const interval = { frequency: "01:00:00", duration: "02:00:00" };
  expect((await user.call("PATCH", "/mailing/{id}/interval/", interval)).status).toBe(200);
  const { body } = await user.call("POST", "/mailing/{id}/start/");
  expect(body).toMatchObject({ success: true, mailing: { is_active: true, max_steps: 2 } });
}

const ended = (user: TelegramUser) =>
  expect.poll(async () => (await user.call("GET", "/mailing/{id}/")).body.step).toBe(1);

describe("a phone with a password", () => {
  it("is connected, and its groups get the ad once each", async () => {
    const phone = await createPhone({ password: "parol" }, [
      { username: null },
      { kind: "group" },
      { isForum: true },
    ]);
    const user = await createTelegramUser();
    const send = (step: string, body: object) =>
      user.call("POST", `/accounts/{id}/${step}/`, { phone: `+${phone.phone}`, ...body });
    expect((await send("send-code", {})).body).toEqual({ success: true });
    const { code } = await phone.state();
    const wrong = code === "00000" ? "11111" : "00000";
    expect((await send("verify-code", { code: wrong })).body).toEqual({
      success: false,
      error: "invalid_code",
    });
    expect((await send("verify-code", { code })).body).toEqual({ success: false, needs_2fa: true });
    expect((await send("verify-2fa", { password: "boshqa" })).body).toEqual({
      ...{ success: false, error: "invalid_password" },
    });
    expect((await send("verify-2fa", { password: "parol" })).body).toEqual({ success: true });
    expect((await user.call("GET", "/accounts/{id}/")).body).toMatchObject([
      { phone: Number(phone.phone), is_active: true },
    ]);
    await knowsGroups(user, 3);

    await start(user, "Yuk bor: Toshkent - Moskva");
    await ended(user);
    const posts = await phone.posts();
    expect(posts.map(({ chat }) => chat).sort()).toEqual(phone.chats.toSorted());
    expect(new Set(posts.map(({ text }) => text))).toEqual(new Set(["Yuk bor: Toshkent - Moskva"]));
    expect((await user.call("GET", "/mailing/{id}/")).body).toMatchObject({ sent_count: 3, step: 1 });
    expect(await phone.state()).toMatchObject({ mostConnections: 1, messagesToPeople: 0 });
    const stopped = await user.call("POST", "/mailing/{id}/stop/");
    expect(stopped.body).toMatchObject({ success: true, mailing: { is_active: false, sent_count: 3 } });
  });

  it("of another user is not theirs to connect, to see or to remove", async () => {
    const phone = await createPhone();
    await connect(await createTelegramUser(), phone);
    const stranger = await createTelegramUser();
    const { body } = await stranger.call("POST", "/accounts/{id}/send-code/", { phone: phone.phone });
    expect(body).toEqual({ success: false, error: "account_exists" });
    expect((await stranger.call("GET", "/accounts/{id}/")).body).toEqual([]);
    expect((await stranger.call("DELETE", `/accounts/{id}/${phone.phone}/`)).status).toBe(404);
  });
});

describe("a run", () => {
  it("whose answer is lost posts nothing twice", async () => {
    const phone = await createPhone({}, [{}, {}]);
    const user = await createTelegramUser();
    await connect(user, phone);
    await phone.plan({ method: "messages.sendMessage", isLost: true });
    await start(user, "Bir marta");
    await ended(user);
    const posts = await phone.posts();
    expect(posts.map(({ chat }) => chat).sort()).toEqual(phone.chats.toSorted());
    expect((await user.call("GET", "/mailing/{id}/")).body.sent_count).toBe(2);
  });

  it("whose session Telegram ends stops, and shows the account as not active", async () => {
    const phone = await createPhone();
    const user = await createTelegramUser();
    await connect(user, phone);
    await control("POST", `/phones/${phone.phone}/revoke`);
    await start(user, "Hech kimga");
    await expect
      .poll(async () => (await user.call("GET", "/accounts/{id}/")).body)
      .toMatchObject([{ phone: Number(phone.phone), is_active: false }]);
    await expect.poll(async () => (await user.call("GET", "/mailing/{id}/")).body.is_active).toBe(false);
    expect(await phone.posts()).toEqual([]);
  });
});
