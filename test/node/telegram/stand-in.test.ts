import { Long } from "@mtcute/core";
import { computeSrpParams } from "@mtcute/core/utils.js";
import { afterAll, expect, it } from "vitest";
import type { NewUser } from "../../../dev/telegram/contract.ts";
import { startTelegramStandIn, type TelegramStandIn } from "../../../dev/telegram/stand-in.ts";
import { createCrypto } from "../../../dev/telegram/wire/crypto.ts";
import { newPhone } from "./client.ts";
import { createClient, refusalOf } from "./mtproto-client.ts";

// mtcute's client against the whole stand-in, over TCP.

const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

async function start(options: Parameters<typeof startTelegramStandIn>[0] = {}) {
  const standIn = await startTelegramStandIn(options);
  ends.push(() => standIn.close());
  return standIn;
}

type Client = ReturnType<typeof createClient>;

const connect = ({ dc, publicKey }: TelegramStandIn, storage?: Client["storage"]): Client => {
  const [host = "", port] = dc.split(":");
  const client = createClient({ id: 2, host, port: Number(port) }, publicKey, storage ? { storage } : {});
  ends.push(() => client.close());
  return client;
};

async function ask<Answer>(
  { fetch }: TelegramStandIn,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const answer = await fetch(
    new Request(`http://control.test${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Answer;
}

/** Signs a new user in, with the password if they have one. */
async function signIn(standIn: TelegramStandIn, user: Omit<NewUser, "phone"> = {}) {
  const phoneNumber = newPhone();
  await ask(standIn, "POST", "/users", [{ phone: phoneNumber, ...user }]);
  const client = connect(standIn);
  const { call } = client;
  const sent = await call({
    ...{ _: "auth.sendCode", phoneNumber, apiId: 1, apiHash: "hash", settings: { _: "codeSettings" } },
  });
  if (sent._ !== "auth.sentCode") throw new Error(sent._);
  const { code } = await ask<{ code: string }>(standIn, "GET", `/phones/${phoneNumber}`);
  const { phoneCodeHash } = sent;
  const entered = call({ _: "auth.signIn", phoneNumber, phoneCodeHash, phoneCode: code });
  if (user.password === undefined) await entered;
  else {
    expect(await refusalOf(entered)).toBe("401 SESSION_PASSWORD_NEEDED");
    const asked = await call({ _: "account.getPassword" });
    const password = await computeSrpParams(createCrypto(), asked, user.password);
    await call({ _: "auth.checkPassword", password });
  }
  return { ...client, phone: phoneNumber };
}

const post = ({ call }: Pick<Client, "call">, chatId: number, randomId: number) =>
  call({
    ...{ _: "messages.sendMessage", peer: { _: "inputPeerChat", chatId }, message: "Yuk bor" },
    randomId: Long.fromNumber(randomId),
  });

const self = ({ call }: Pick<Client, "call">) => call({ _: "users.getUsers", id: [{ _: "inputUserSelf" }] });

async function groupOf(standIn: TelegramStandIn, phone: string): Promise<number> {
  const { chats } = await ask<{ chats: { id: number }[] }>(standIn, "POST", "/chats", [
    { title: "Yuk", kind: "group", members: [phone] },
  ]);
  return chats[0]!.id;
}

it("an account of data centre 4 signs in by its password, and is counted", async () => {
  const standIn = await start();
  const { phone, call } = await signIn(standIn, { dc: 4, password: "my2fapassword" });
  expect(await self({ call })).toMatchObject([{ phone, self: true }]);
  const told = await ask(standIn, "GET", `/phones/${phone}`);
  expect(told).toMatchObject({ signedIn: 1, codesSent: 1, openConnections: 1, mostConnections: 1 });
});

it("a stand-in goes on from its snapshot: its clients are still signed in, its posts still there", async () => {
  const first = await start({ ports: { 2: 0, 4: 0 } });
  const client = await signIn(first);
  const id = await groupOf(first, client.phone);
  await post(client, -id, 7);
  const snapshot = JSON.parse(JSON.stringify(first.snapshot()));
  await client.close();
  await first.close();
  const second = await start({ snapshot });
  expect(second.publicKey).toBe(first.publicKey);
  const again = connect(second, client.storage);
  expect(await self(again)).toMatchObject([{ phone: client.phone }]);
  expect(await refusalOf(post(again, -id, 7))).toBe("500 RANDOM_ID_DUPLICATE");
  expect(await ask(second, "GET", `/posts?phones=${client.phone}`)).toHaveLength(1);
  expect(await ask(second, "GET", `/phones/${client.phone}`)).toMatchObject({ signedIn: 1 });
});

it("a call whose answer is lost is done once, however often the client repeats it", async () => {
  const standIn = await start();
  const client = await signIn(standIn);
  const id = await groupOf(standIn, client.phone);
  await ask(standIn, "POST", "/faults", [
    { phone: client.phone, method: "messages.sendMessage", isLost: true },
  ]);
  const answer = await refusalOf(post(client, -id, 9));
  expect(["no refusal", "500 RANDOM_ID_DUPLICATE"]).toContain(answer);
  expect(await ask(standIn, "GET", `/chats/${id}/messages`)).toHaveLength(1);
});

it("a data centre that was down answers again", async () => {
  const standIn = await start();
  const client = await signIn(standIn);
  await ask(standIn, "POST", "/down", { isDown: true });
  const asked = self(client);
  await ask(standIn, "POST", "/down", { isDown: false });
  expect(await asked).toMatchObject([{ phone: client.phone }]);
});

it("a session that was revoked is told so", async () => {
  const standIn = await start();
  const client = await signIn(standIn);
  await ask(standIn, "POST", `/phones/${client.phone}/revoke`);
  expect(await refusalOf(self(client))).toBe("401 AUTH_KEY_UNREGISTERED");
});
