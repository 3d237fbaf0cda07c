import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import type { MailServers, Ports } from "./servers.ts";
import { faultSchema } from "./world/faults.ts";
import type { Folder, Mail } from "./world/folder.ts";
import { dropFrom, setFlags } from "./world/gmail.ts";
import { type Mailbox, Refusal } from "./world/mailbox.ts";
import { profileSchema } from "./world/profile.ts";
import { copyMails, deliver, moveMails, type World } from "./world/world.ts";

const newMailbox = z.strictObject({
  address: z.string().default(() => `user-${crypto.randomUUID()}@mail.test`),
  password: z.string().default("correct-horse"),
  profile: profileSchema.prefault({}),
  /** Ports of its own, so that its faults begin before anybody has signed in. */
  hasOwnPorts: z.boolean().default(false),
});

const uids = z.array(z.int());
const inFolder = { folder: z.string().default("INBOX") };
const newMail = z.strictObject({
  raw: z.base64(),
  flags: z.array(z.string()).default([]),
  receivedAt: z.int().default(() => Date.now()),
});

/** Something that happens to a mailbox, as if another client had done it. @returns what to answer, if anything */
type Action = (mailbox: Mailbox, body: unknown) => unknown;

const action =
  <Input>(schema: z.ZodType<Input>, run: (mailbox: Mailbox, input: Input) => unknown): Action =>
  (mailbox, body) =>
    run(mailbox, parsed(schema, body));

const found = (folder: Folder, wanted: number[]): Mail[] =>
  wanted.map((uid) => {
    const mail = folder.find(uid);
    if (!mail) throw new Refusal(`${folder.path} has no message ${uid}`);
    return mail;
  });

const uidsOf = (mails: Mail[]) => ({ uids: mails.map(({ uid }) => uid) });

const ACTIONS: Record<string, Action> = {
  deliver: action(z.strictObject({ ...inFolder, mails: z.array(newMail) }), (mailbox, { folder, mails }) => {
    const target = mailbox.folder(folder);
    const added = mails.map((mail) =>
      deliver(mailbox, target, { ...mail, raw: Buffer.from(mail.raw, "base64") }),
    );
    return uidsOf(added);
  }),
  flag: action(
    z.strictObject({
      ...inFolder,
      uids,
      add: z.array(z.string()).default([]),
      remove: z.array(z.string()).default([]),
    }),
    (mailbox, { folder, uids, add, remove }) => {
      const place = mailbox.folder(folder);
      for (const mail of found(place, uids)) {
        const flags = [...mail.flags, ...add].filter((flag) => !remove.includes(flag));
        setFlags(mailbox, place, mail, new Set(flags));
      }
    },
  ),
  move: action(z.strictObject({ ...inFolder, uids, to: z.string() }), (mailbox, { folder, uids, to }) => {
    const from = mailbox.folder(folder);
    return uidsOf(moveMails(mailbox, from, found(from, uids), mailbox.folder(to)));
  }),
  copy: action(z.strictObject({ ...inFolder, uids, to: z.string() }), (mailbox, { folder, uids, to }) =>
    uidsOf(copyMails(mailbox, found(mailbox.folder(folder), uids), mailbox.folder(to))),
  ),
  expunge: action(z.strictObject({ ...inFolder, uids }), (mailbox, { folder, uids }) => {
    const place = mailbox.folder(folder);
    dropFrom(mailbox, place, found(place, uids));
  }),
  renumber: action(z.strictObject(inFolder), (mailbox, { folder }) => mailbox.folder(folder).renumber()),
  /** Tells numbers that are not true, such as a UIDNEXT that has gone back. */
  "folder-numbers": action(
    z.strictObject({
      ...inFolder,
      uidValidity: z.int().optional(),
      uidNext: z.int().optional(),
      modseq: z.int().optional(),
    }),
    (mailbox, { folder, ...numbers }) => {
      const place = mailbox.folder(folder);
      const { uidValidity = place.uidValidity, uidNext = place.uidNext, modseq = place.modseq } = numbers;
      Object.assign(place, { uidValidity, uidNext, modseq });
      place.changed();
    },
  ),
  "create-folder": action(
    z.strictObject({
      path: z.string(),
      specialUse: z.string().nullable().default(null),
      isSubscribed: z.boolean().default(true),
    }),
    (mailbox, state) => void mailbox.create(state),
  ),
  "rename-folder": action(z.strictObject({ from: z.string(), to: z.string() }), (mailbox, { from, to }) =>
    mailbox.rename(from, to),
  ),
  "delete-folder": action(z.strictObject({ path: z.string() }), (mailbox, { path }) => mailbox.delete(path)),
  profile: action(z.record(z.string(), z.unknown()), (mailbox, changes) => {
    mailbox.profile = parsed(profileSchema, { ...mailbox.profile, ...changes });
  }),
  access: action(
    z.strictObject({
      password: z.string().optional(),
      isEnabled: z.boolean().optional(),
      accessTokens: z.array(z.string()).optional(),
    }),
    (mailbox, { password, isEnabled, accessTokens }) => {
      if (password !== undefined) mailbox.password = password;
      if (isEnabled !== undefined) mailbox.isEnabled = isEnabled;
      if (accessTokens) mailbox.accessTokens = new Set(accessTokens);
    },
  ),
  fault: action(faultSchema, (mailbox, fault) => mailbox.faults.plan(fault)),
  "clear-faults": action(z.strictObject({}), (mailbox) => mailbox.faults.clear()),
  /** Cuts the connections of all its clients. */
  disconnect: action(z.strictObject({}), (mailbox) => {
    for (const connection of mailbox.connections) connection.cut();
  }),
};

/**
 * The control API for tests: it makes mailboxes, does what another client would do, and tells what there is.
 * @param openDoor starts servers for one mailbox alone
 */
export function createControl(
  world: World,
  { ports, openDoor }: { ports: Ports; openDoor: () => Promise<MailServers> },
): Hono {
  const app = new Hono();

  app.post("/mailboxes", async (c) => {
    const { address, password, profile, hasOwnPorts } = parsed(newMailbox, await bodyOf(c));
    const mailbox = world.addMailbox(address, password, profile);
    const door = hasOwnPorts ? await openDoor() : undefined;
    if (door) door.mailbox = mailbox;
    return c.json({ address, password, ports: door?.ports ?? ports });
  });

  app.get("/mailboxes/:address", (c) => {
    const mailbox = mailboxOf(world, c);
    return c.json({ folders: [...mailbox.folders.values()].map(stateOf), connections: mailbox.connections });
  });

  app.get("/mailboxes/:address/raw", (c) => {
    const folder = mailboxOf(world, c).folder(c.req.query("folder") ?? "INBOX");
    const [mail] = found(folder, [Number(c.req.query("uid"))]);
    return c.body(new Uint8Array(mail!.raw));
  });

  app.post("/mailboxes/:address/:action", async (c) => {
    const wanted = ACTIONS[c.req.param("action")];
    if (!wanted) throw new HTTPException(404, { message: "There is no such action" });
    return c.json((wanted(mailboxOf(world, c), await bodyOf(c)) ?? {}) as object);
  });

  app.onError((error, c) => {
    const status = error instanceof HTTPException ? error.status : error instanceof Refusal ? 409 : 500;
    return c.json({ error: error.message }, status);
  });
  return app;
}

const stateOf = ({ mails, path, specialUse, uidValidity, uidNext, modseq }: Folder) => ({
  path,
  specialUse,
  uidValidity,
  uidNext,
  modseq,
  mails: mails.map(({ uid, flags, receivedAt, raw }) => ({
    uid,
    flags: [...flags].sort(),
    receivedAt,
    size: raw.length,
  })),
});

function mailboxOf(world: World, c: Context): Mailbox {
  const mailbox = world.find(c.req.param("address") ?? "");
  if (!mailbox) throw new HTTPException(404, { message: "There is no such mailbox" });
  return mailbox;
}

const bodyOf = (c: Context): Promise<unknown> => c.req.json().catch(() => undefined);

function parsed<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (!result.success) throw new HTTPException(400, { message: z.prettifyError(result.error) });
  return result.data;
}
