import { createPublicKey } from "node:crypto";
import { parsePublicKey } from "@mtcute/core/utils.js";
import { Api, TelegramClient } from "teleproto";
import { _serverKeys } from "teleproto/crypto/RSA.js";
import { Logger, LogLevel } from "teleproto/extensions/Logger.js";
import { returnBigInt } from "teleproto/Helpers.js";
import {
  type Connection,
  ConnectionTCPAbridged,
  ConnectionTCPFull,
  ConnectionTCPObfuscated,
} from "teleproto/network/index.js";
import { computeCheck } from "teleproto/Password.js";
import { MemorySession } from "teleproto/sessions/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTelegramStandIn, type TelegramStandIn } from "../../../dev/telegram/stand-in.ts";
import { createCrypto } from "../../../dev/telegram/wire/crypto.ts";
import { newPhone } from "./client.ts";

// A client that shares no code with mtcute, and speaks a later layer: it says whether the stand-in is Telegram.

let standIn: TelegramStandIn;
const clients: TelegramClient[] = [];

beforeAll(async () => {
  standIn = await startTelegramStandIn();
  const { fingerprint } = parsePublicKey(createCrypto(), standIn.publicKey);
  const { n = "" } = createPublicKey(standIn.publicKey).export({ format: "jwk" });
  const modulus = returnBigInt(BigInt(`0x${Buffer.from(n, "base64url").toString("hex")}`));
  _serverKeys.set(BigInt.asIntN(64, BigInt(`0x${fingerprint}`)).toString(), { n: modulus, e: 65537 });
});

afterAll(async () => {
  for (const client of clients) await client.destroy();
  await standIn.close();
});

const endpoint = () => {
  const [ipAddress = "", port] = standIn.dc.split(":");
  return { ipAddress, port: Number(port) };
};

/** It asks nobody where a data centre is. */
class LocalClient extends TelegramClient {
  override async getDC(id: number) {
    return { id, ...endpoint() };
  }
}

async function connect(connection: typeof Connection) {
  const session = new MemorySession();
  const { ipAddress, port } = endpoint();
  session.setDC(2, ipAddress, port);
  const baseLogger = new Logger(LogLevel.NONE);
  const client = new LocalClient(session, 1, "hash", { connection, connectionRetries: 2, baseLogger });
  clients.push(client);
  await client.connect();
  return client;
}

/** Asks for a code, and reads it where people do. */
async function sendCode(client: TelegramClient, phoneNumber: string) {
  const settings = new Api.CodeSettings({});
  const sent = await client.invoke(
    new Api.auth.SendCode({ phoneNumber, apiId: 1, apiHash: "hash", settings }),
  );
  const phone = await standIn.fetch(new Request(`http://control.test/phones/${phoneNumber}`));
  const { code } = (await phone.json()) as { code: string };
  return { phoneNumber, phoneCodeHash: (sent as Api.auth.SentCode).phoneCodeHash, phoneCode: code };
}

const refusalOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => "no refusal",
    (error) => error.errorMessage ?? String(error),
  );

const connections: [string, typeof Connection][] = [
  ["full", ConnectionTCPFull],
  ["abridged", ConnectionTCPAbridged],
  ["obfuscated", ConnectionTCPObfuscated],
];

describe.each(connections)("teleproto over the %s transport", (_, connection) => {
  it("exchanges keys, and reads where data centres are", async () => {
    const client = await connect(connection);
    const config = await client.invoke(new Api.help.GetConfig());
    expect(config.dcOptions.map(({ id }) => id)).toEqual(expect.arrayContaining([2, 4]));
  });
});

describe("teleproto", () => {
  it("signs in by code and password, reads its groups, and posts into one", async () => {
    const phone = newPhone();
    standIn.world.addUser({ phone, firstName: "Vali", password: "a password" });
    standIn.world.addChat({
      title: "Yuk tashish",
      kind: "supergroup",
      username: "yuk_tashish",
      members: [phone],
    });
    const client = await connect(ConnectionTCPObfuscated);

    const code = await sendCode(client, phone);
    expect(await refusalOf(client.invoke(new Api.auth.SignIn({ ...code, phoneCode: "00" })))).toBe(
      "PHONE_CODE_INVALID",
    );
    expect(await refusalOf(client.invoke(new Api.auth.SignIn(code)))).toBe("SESSION_PASSWORD_NEEDED");
    const check = async (password: string) => {
      const challenge = await client.invoke(new Api.account.GetPassword());
      return client.invoke(new Api.auth.CheckPassword({ password: await computeCheck(challenge, password) }));
    };
    expect(await refusalOf(check("a wrong one"))).toBe("PASSWORD_HASH_INVALID");
    const { user } = (await check("a password")) as Api.auth.Authorization;
    expect(user).toMatchObject({ className: "User", firstName: "Vali", phone });

    const dialogs = await client.invoke(
      new Api.messages.GetDialogs({
        ...{ offsetDate: 0, offsetId: 0, limit: 100, hash: returnBigInt(0) },
        offsetPeer: new Api.InputPeerEmpty(),
      }),
    );
    const [group] = (dialogs as Api.messages.Dialogs).chats as Api.Channel[];
    expect(group).toMatchObject({ className: "Channel", title: "Yuk tashish", username: "yuk_tashish" });

    const peer = new Api.InputPeerChannel({ channelId: group!.id, accessHash: group!.accessHash! });
    const post = () =>
      client.invoke(
        new Api.messages.SendMessage({ peer, message: "Yuk bor", randomId: returnBigInt(77777) }),
      );
    expect(((await post()) as Api.Updates).updates.map(({ className }) => className)).toContain(
      "UpdateNewChannelMessage",
    );
    const seen = await client.invoke(
      new Api.messages.GetHistory({
        ...{
          peer,
          offsetId: 0,
          offsetDate: 0,
          addOffset: 0,
          limit: 10,
          maxId: 0,
          minId: 0,
          hash: returnBigInt(0),
        },
      }),
    );
    expect((seen as Api.messages.ChannelMessages).messages[0]).toMatchObject({ message: "Yuk bor" });
  });
});
