import { Long } from "@mtcute/core";
import { describe, expect, it } from "vitest";
import { createControl } from "../../../dev/telegram/control.ts";
import { createWorld, newPhone, refusalOf, sendCode, signIn } from "./client.ts";

const stage = createWorld();
const { world } = stage;
const told: boolean[] = [];
const control = createControl(world, async (isDown) => void told.push(isDown));

async function ask(method: string, path: string, body?: unknown) {
  const headers = { "content-type": "application/json" };
  const answer = await control.request(path, {
    method,
    ...(body === undefined ? {} : { headers, body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> & unknown[] };
}

async function newChat(members: string[], more: object = {}): Promise<number> {
  const { body } = await ask("POST", "/chats", [
    { title: "Logistika", kind: "supergroup", members, ...more },
  ]);
  const { chats } = body as unknown as { chats: { id: number }[] };
  return chats[0]!.id;
}

type Person = Awaited<ReturnType<typeof signIn>>;

let lastRandomId = 0;

const post = ({ call, account }: Person, id: number, message = "Yuk bor") =>
  call("messages.sendMessage", {
    peer:
      id < -1e12
        ? { _: "inputPeerChannel", channelId: -id - 1e12, accessHash: world.accessHash(account, id) }
        : { _: "inputPeerChat", chatId: -id },
    ...{ message, randomId: Long.fromNumber(++lastRandomId) },
  });

describe("the control API refuses", () => {
  it.each([
    ["POST", "/users", [{ phone: "+998" }]],
    ["POST", "/users", [{ phone: "998901112233", surname: "Aliyev" }]],
    ["POST", "/chats", [{ title: "Yuk", kind: "forum", members: [] }]],
    ["POST", "/faults", [{ times: -1 }]],
    ["POST", "/faults", { times: 1 }],
    ["POST", "/down", {}],
    ["GET", "/posts", undefined],
  ])("%s %s of %j, which is not its input", async (method, path, body) => {
    expect(await ask(method, path, body)).toMatchObject({ status: 400, body: { error: expect.any(String) } });
  });

  it.each([
    ["PATCH", "/chats/-5", {}],
    ["POST", "/chats/-5/migrate", undefined],
    ["GET", "/chats/-5/messages", undefined],
    ["GET", "/phones/998000000000", undefined],
    ["POST", "/phones/998000000000/revoke", undefined],
  ])("%s %s, which is not there", async (method, path, body) => {
    expect((await ask(method, path, body)).status).toBe(404);
  });

  it("a phone twice, a chat of unknown members, and a second migration", async () => {
    const phone = newPhone();
    expect((await ask("POST", "/users", [{ phone }])).status).toBe(200);
    expect((await ask("POST", "/users", [{ phone }])).status).toBe(409);
    const stranger = [{ title: "Yuk", kind: "group", members: ["998000000000"] }];
    expect((await ask("POST", "/chats", stranger)).status).toBe(409);
    const id = await newChat([phone], { kind: "group" });
    expect((await ask("POST", `/chats/${id}/migrate`)).status).toBe(200);
    expect((await ask("POST", `/chats/${id}/migrate`)).status).toBe(409);
  });
});

describe("a phone", () => {
  it("is told with its last code, its sessions and its calls", async () => {
    const phone = newPhone();
    await ask("POST", "/users", [{ phone, firstName: "Vali", dc: 4 }]);
    expect((await ask("GET", `/phones/${phone}`)).body).toEqual({
      ...{ code: null, codesSent: 0, uploads: 0, messagesToPeople: 0, calls: {} },
      ...{ signedIn: 0, openConnections: 0, mostConnections: 0 },
    });
    const client = stage.connect(4);
    const phoneCodeHash = await sendCode(client, phone);
    const { code } = (await ask("GET", `/phones/${phone}`)).body;
    await client.call("auth.signIn", { phoneNumber: phone, phoneCodeHash, phoneCode: String(code) });
    Object.assign(client.key, { open: 1, most: 2 });
    expect((await ask("GET", `/phones/${phone}`)).body).toMatchObject({
      ...{ code, codesSent: 1, signedIn: 1, openConnections: 1, mostConnections: 2 },
      calls: { "auth.sendCode": 1, "auth.signIn": 1 },
    });
  });

  it("keeps its count of connections when its session ends", async () => {
    const { phone, key } = await signIn(stage);
    key.most = 1;
    await ask("POST", `/phones/${phone}/revoke`);
    expect((await ask("GET", `/phones/${phone}`)).body).toMatchObject({ signedIn: 0, mostConnections: 1 });
  });

  it("is changed: its password, a ban, its code, its file references", async () => {
    const { account, call, phone } = await signIn(stage);
    await ask("PATCH", `/phones/${phone}`, { password: "parol" });
    expect(await call("account.getPassword", {})).toMatchObject({ hasPassword: true });
    await ask("PATCH", `/phones/${phone}`, { password: null, isBanned: true });
    expect(account).toMatchObject({ password: null, isBanned: true });
    expect(await refusalOf(call("updates.getState", {}))).toBe("401 USER_DEACTIVATED_BAN");
    await ask("POST", `/phones/${phone}/expire-code`);
    await ask("POST", `/phones/${phone}/expire-files`);
    expect(account).toMatchObject({ code: { expiresAt: 0 }, fileAge: 1 });
  });
});

describe("a chat", () => {
  it.each([
    [{ isReadOnly: true }, "403 CHAT_WRITE_FORBIDDEN"],
    [{ isClosed: true }, "400 TOPIC_CLOSED"],
    [{ price: 3 }, "403 ALLOW_PAYMENT_REQUIRED_3"],
    [{ slowMode: 60 }, "420 SLOWMODE_WAIT_60"],
  ])("that is changed to %j refuses posts", async (changes, refusal) => {
    const person = await signIn(stage);
    const id = await newChat([person.phone]);
    await post(person, id);
    await ask("PATCH", `/chats/${id}`, changes);
    expect(await refusalOf(post(person, id))).toBe(refusal);
  });

  it("loses and regains members", async () => {
    const person = await signIn(stage);
    const id = await newChat([person.phone]);
    for (const [change, refusal] of [
      ["kick", "400 CHANNEL_PRIVATE"],
      ["ban", "400 USER_BANNED_IN_CHANNEL"],
      ["leave", "400 CHANNEL_PRIVATE"],
    ]) {
      await ask("PATCH", `/chats/${id}`, { [change!]: [person.phone] });
      expect(await refusalOf(post(person, id))).toBe(refusal);
    }
    await ask("PATCH", `/chats/${id}`, { join: [person.phone] });
    await post(person, id);
  });

  it("is renamed, and migrates under another id", async () => {
    const person = await signIn(stage);
    const id = await newChat([person.phone], { kind: "group" });
    expect(id).toBeGreaterThan(-1e12);
    const renamed = { title: "Yangi nom" };
    expect((await ask("PATCH", `/chats/${id}`, renamed)).body).toEqual({ id, ...renamed, username: null });
    const { body } = await ask("POST", `/chats/${id}/migrate`);
    expect(body).toMatchObject(renamed);
    expect(body.id).toBeLessThan(-1e12);
    expect(await refusalOf(post(person, id))).toBe("400 CHAT_ID_INVALID");
    await post(person, Number(body.id));
  });

  it("tells what was posted, as do the posts of a phone, oldest first", async () => {
    const [one, other] = [await signIn(stage), await signIn(stage)];
    const members = [one.phone, other.phone];
    const [group, supergroup] = [await newChat(members, { kind: "group" }), await newChat(members)];
    await post(one, group, "birinchi");
    await post(other, supergroup, "ikkinchi");
    await post(one, supergroup, "uchinchi");
    expect((await ask("GET", `/chats/${supergroup}/messages`)).body).toMatchObject([
      { id: 2, phone: other.phone, text: "ikkinchi", media: null },
      { id: 3, phone: one.phone, text: "uchinchi", randomId: String(lastRandomId) },
    ]);
    expect((await ask("GET", `/posts?phones=${one.phone}`)).body).toMatchObject([
      { chat: group, text: "birinchi" },
      { chat: supergroup, text: "uchinchi" },
    ]);
    expect((await ask("GET", `/posts?phones=${members}`)).body).toHaveLength(3);
  });
});

describe("faults", () => {
  it("are planned, and cleared for one phone", async () => {
    const [one, other] = [await signIn(stage), await signIn(stage)];
    const planned = [one, other].map(({ phone }) => ({ phone, times: 0, error: [500, "INTERNAL"] }));
    expect((await ask("POST", "/faults", planned)).status).toBe(200);
    await ask("DELETE", `/faults?phone=${one.phone}`);
    expect(await refusalOf(one.call("updates.getState", {}))).toContain("updates.state");
    expect(await refusalOf(other.call("updates.getState", {}))).toBe("500 INTERNAL");
    await ask("DELETE", `/faults?phone=${other.phone}`);
  });

  it("of everybody are a data centre that is down", async () => {
    await ask("POST", "/down", { isDown: true });
    await ask("POST", "/down", { isDown: false });
    expect(told).toEqual([true, false]);
  });
});

describe("the page", () => {
  it("shows codes, posts and faults, and escapes what others wrote", async () => {
    const person = await signIn(stage);
    await sendCode(stage.connect(), person.phone);
    const id = await newChat([person.phone], { title: "<script>alert(1)</script>" });
    await post(person, id, "Yuk <b>bor</b> & pul");
    world.faults.plan({ phone: person.phone, error: [400, "<img>"] });
    const page = await (await control.request("/")).text();
    expect(page).toContain(person.account.code!.digits);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).toContain("Yuk &lt;b&gt;bor&lt;/b&gt; &amp; pul");
    expect(page).toContain("&lt;img&gt;");
    expect(page).not.toMatch(/<script|<img|<b>/);
  });
});
