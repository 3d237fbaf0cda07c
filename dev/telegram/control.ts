import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import type { Fault, NewChat, NewUser } from "./contract.ts";
import { page } from "./page.ts";
import { type Account, type Chat, markedId } from "./world/state.ts";
import { Refusal, type World } from "./world/world.ts";

const phone = z.string().regex(/^\d{7,15}$/);
const phones = z.array(phone);
const title = z.string().min(1);
const username = z.string().min(1).nullable();
const count = z.int().min(0);

const newUser: z.ZodType<NewUser> = z.strictObject({
  phone,
  firstName: z.string().min(1).exactOptional(),
  password: z.string().min(1).exactOptional(),
  dc: z.literal([2, 4]).exactOptional(),
  isRegistered: z.boolean().exactOptional(),
  codeNeeds: z.enum(["email", "payment"]).exactOptional(),
});

const newChat: z.ZodType<NewChat> = z.strictObject({
  title,
  kind: z.enum(["group", "supergroup", "channel", "user"]),
  username: username.exactOptional(),
  members: phones,
  isForum: z.boolean().exactOptional(),
  isGigagroup: z.boolean().exactOptional(),
  isArchived: z.boolean().exactOptional(),
  isPinned: z.boolean().exactOptional(),
  isReadOnly: z.boolean().exactOptional(),
  isClosed: z.boolean().exactOptional(),
  isDeactivated: z.boolean().exactOptional(),
  slowMode: count.exactOptional(),
  price: count.exactOptional(),
  left: phones.exactOptional(),
  kicked: phones.exactOptional(),
  banned: phones.exactOptional(),
});

const chatChanges = z.strictObject({
  title: title.exactOptional(),
  username: username.exactOptional(),
  isArchived: z.boolean().exactOptional(),
  isReadOnly: z.boolean().exactOptional(),
  isClosed: z.boolean().exactOptional(),
  isDeactivated: z.boolean().exactOptional(),
  slowMode: count.exactOptional(),
  price: count.exactOptional(),
  /** Phones whose membership changes. */
  join: phones.default([]),
  leave: phones.default([]),
  kick: phones.default([]),
  ban: phones.default([]),
});

const phoneChanges = z.strictObject({
  firstName: z.string().min(1).exactOptional(),
  /** Null switches two-step verification off. */
  password: z.string().min(1).nullable().exactOptional(),
  isBanned: z.boolean().exactOptional(),
  isDeactivated: z.boolean().exactOptional(),
});

const fault: z.ZodType<Fault> = z.strictObject({
  phone: phone.exactOptional(),
  method: z.string().exactOptional(),
  chat: z.int().exactOptional(),
  skip: count.exactOptional(),
  times: count.exactOptional(),
  probability: z.number().min(0).max(1).exactOptional(),
  error: z.tuple([z.int(), z.string()]).exactOptional(),
  isLost: z.boolean().exactOptional(),
  cut: z.enum(["before", "within"]).exactOptional(),
  delayMs: count.exactOptional(),
  isSilent: z.boolean().exactOptional(),
  effect: z.enum(["bad-salt", "clock", "forget-key", "updates", "unknown-constructor"]).exactOptional(),
});

/**
 * The control API for tests and the demo: it makes people and chats, changes them, and tells what there is.
 * @param setDown cuts all data centres off, or brings them back, for all who share the stand-in
 */
export function createControl(world: World, setDown: (isDown: boolean) => Promise<void>): Hono {
  const app = new Hono();

  app.get("/", (c) => {
    c.header("cache-control", "no-store");
    return c.html(page(world));
  });

  app.post("/users", async (c) => {
    const users = parsed(z.array(newUser), await bodyOf(c)).map((user) => world.addUser(user));
    return c.json({ users: users.map(({ phone, id }) => ({ phone, id })) });
  });

  app.post("/chats", async (c) => {
    const chats = parsed(z.array(newChat), await bodyOf(c)).map((chat) => world.addChat(chat));
    return c.json({ chats: chats.map(chatTold) });
  });

  app.patch("/chats/:id", async (c) => {
    const { join, leave, kick, ban, ...changes } = parsed(chatChanges, await bodyOf(c));
    const chat = chatOf(world, c);
    const memberships = { member: join, left: leave, kicked: kick, banned: ban } as const;
    for (const [membership, changed] of Object.entries(memberships)) {
      // Object.entries forgets the names of the keys.
      for (const { phone } of changed.map((phone) => world.account(phone))) {
        chat.members[phone] = membership as keyof typeof memberships;
      }
    }
    return c.json(chatTold(Object.assign(chat, changes)));
  });

  app.post("/chats/:id/migrate", (c) => c.json(chatTold(world.migrate(chatOf(world, c)))));

  app.get("/chats/:id/messages", (c) => c.json(chatOf(world, c).messages.map((one) => world.told(one))));

  app.get("/posts", (c) => {
    const wanted = new Set(parsed(z.string(), c.req.query("phones")).split(","));
    const posts = [...world.chats.values()].flatMap((chat) =>
      chat.messages
        .filter(({ phone }) => wanted.has(phone))
        .map((message) => ({ chat: markedId(chat), ...world.told(message) })),
    );
    return c.json(posts.sort((one, other) => one.at - other.at));
  });

  app.get("/phones/:phone", (c) => {
    const { phone, code, codesSent, uploads, messagesToPeople, calls } = accountOf(world, c);
    const counts = { codesSent, uploads, messagesToPeople, calls };
    return c.json({ code: code?.digits ?? null, ...counts, ...world.sessionsOf(phone) });
  });

  app.patch("/phones/:phone", async (c) => {
    Object.assign(accountOf(world, c), parsed(phoneChanges, await bodyOf(c)));
    return c.json({});
  });

  app.post("/phones/:phone/revoke", (c) => {
    world.revoke(accountOf(world, c).phone);
    return c.json({});
  });

  app.post("/phones/:phone/expire-code", (c) => {
    const { code } = accountOf(world, c);
    if (code) code.expiresAt = 0;
    return c.json({});
  });

  app.post("/phones/:phone/expire-files", (c) => {
    accountOf(world, c).fileAge++;
    return c.json({});
  });

  app.post("/faults", async (c) => {
    for (const planned of parsed(z.array(fault), await bodyOf(c))) world.faults.plan(planned);
    return c.json({});
  });

  app.delete("/faults", (c) => {
    world.faults.clear(c.req.query("phone"));
    return c.json({});
  });

  app.post("/down", async (c) => {
    await setDown(parsed(z.strictObject({ isDown: z.boolean() }), await bodyOf(c)).isDown);
    return c.json({});
  });

  app.onError((error, c) => {
    const status = error instanceof HTTPException ? error.status : error instanceof Refusal ? 409 : 500;
    return c.json({ error: error.message }, status);
  });
  return app;
}

/** A chat by the id that the Bot API gives it. */
const chatTold = (chat: Chat) => ({ id: markedId(chat), title: chat.title, username: chat.username });

function chatOf(world: World, c: Context): Chat {
  const chat = world.chats.get(Number(c.req.param("id")));
  if (!chat) throw new HTTPException(404, { message: "There is no such chat" });
  return chat;
}

function accountOf(world: World, c: Context): Account {
  const account = world.accounts.get(c.req.param("phone") ?? "");
  if (!account) throw new HTTPException(404, { message: "There is no such phone" });
  return account;
}

const bodyOf = (c: Context): Promise<unknown> => c.req.json().catch(() => undefined);

function parsed<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (!result.success) throw new HTTPException(400, { message: z.prettifyError(result.error) });
  return result.data;
}
