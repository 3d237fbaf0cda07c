import { beforeEach, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import openapi from "../fixtures/nylas-openapi-mail.json" with { type: "json" };
import { caseObjects, postNotification } from "../support/cases.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { waitFor } from "../support/wait.ts";

// Notifications that Nylas's published schemas allow but its examples do not show.

type Fields = Record<string, unknown>;

interface Delivery {
  id: string;
  type: string;
  state: string;
  attempts: number;
}

let client: Client;
let box: AccountResponse & { grant_id: string };

beforeEach(async () => {
  // A user per request: one user would exceed the rate limit.
  client = await createClient();
  box = await connectMailbox(client);
});

const now = () => Math.floor(Date.now() / 1000);

const deliveries = async (): Promise<Delivery[]> =>
  (await client.call("GET", `/webhooks/deliveries/?account_id=${box.id}&size=100`)).body.items;

/** Posts notifications in order, and waits until they are processed. @returns their rows of the ledger */
async function deliverAll(type: string, objects: Fields[], time?: number): Promise<Delivery[]> {
  const before = new Set((await deliveries()).map(({ id }) => id));
  for (const object of objects)
    expect(await postNotification(type, { grant_id: box.grant_id, ...object }, time)).toBe(200);
  return waitFor(async () => {
    const done = (await deliveries()).filter((each) => each.type === type && !before.has(each.id));
    expect(done).toHaveLength(objects.length);
    for (const { state } of done) expect(state).toMatch(/^(applied|ignored|parked)$/);
    return done;
  });
}

const deliver = async (type: string, object: Fields, time?: number): Promise<Delivery> =>
  (await deliverAll(type, [object], time))[0]!;

const mail = (fields: Fields = {}): Fields => {
  const n = unique();
  return {
    ...{ id: `m${n}`, object: "message", thread_id: `t${n}`, subject: `Mail ${n}`, date: now() - 60 },
    ...{ from: [{ email: "kim@example.org" }], to: [{ email: box.email_address }], cc: [], bcc: [] },
    ...{ body: "<p>x</p>", attachments: [], folders: ["INBOX"] },
    headers: [{ name: "Message-ID", value: `<${n}@example.org>` }],
    ...fields,
  };
};

const newest = async (): Promise<MessageResponse> =>
  (await client.call("GET", `/messages/?account_id=${box.id}`)).body.items[0];

const status = async () => (await client.call("GET", `/accounts/${box.id}`)).body.status;

const disconnect = () => client.call("PATCH", `/accounts/${box.id}`, { status: "disconnected" });

describe("an unknown suffix", () => {
  it.each([
    "message.opened.legacy",
    "message.created.legacy",
    "message.created.cleaned.new",
    "message.created.",
  ])("makes %s an unknown trigger, which is ignored at once", async (type) => {
    const [legacy] = caseObjects("event-opened-legacy.json", { grant: box.grant_id, mailbox: "" });
    expect(await deliver(type, legacy!.object as Fields)).toMatchObject({ state: "ignored", attempts: 0 });
  });
});

describe("the outcome of a sent mail", () => {
  const delivery = async () => (await newest()).delivery;

  it("an open needs only the mail's id", async () => {
    const object = mail();
    await deliver("message.created", object);
    const [opened] = caseObjects("event-opened-required-only.json", {
      grant: box.grant_id,
      mailbox: "",
      message: String(object.id),
    });
    expect((await deliver("message.opened", opened!.object as Fields)).state).toBe("applied");
    expect(await delivery()).toMatchObject({ opened_count: 1 });
    expect((await deliver("message.link_clicked", opened!.object as Fields)).state).toBe("applied");
    expect(await delivery()).toMatchObject({ opened_count: 1, clicked_count: 1 });
  });

  it.each([
    [{ count: "3" }, 3],
    [{ count: 1e300 }, 1],
    [{ count: -4 }, 1],
    [null, 1],
    ["x", 1],
    [{ count: 2.7 }, 2],
  ])("message_data of %j counts as %d", async (message_data, count) => {
    const object = mail();
    await deliver("message.created", object);
    expect(await deliver("message.opened", { message_id: object.id, message_data })).toMatchObject({
      state: "applied",
    });
    expect(await delivery()).toMatchObject({ opened_count: count });
  });

  it("malformed bounces are applied", async () => {
    const object = mail();
    await deliver("message.created", object);
    const bounce = {
      bounce_reason: ["?"],
      code: 550,
      bounced_addresses: [null, "a@x.example"],
      origin: null,
    };
    expect((await deliver("message.bounce_detected", { ...bounce, message_id: object.id })).state).toBe(
      "applied",
    );
    expect(await delivery()).toMatchObject({ state: "bounced", detail: "a@x.example: 550" });
  });

  it.each([
    ["message.opened", { message_data: { count: 2 } }, { opened_count: 2 }],
    ["message.link_clicked", { link_data: [{ count: 2 }, null, { count: 1 }] }, { clicked_count: 3 }],
    ["message.send_failed", { reason: "Mailbox full" }, { state: "failed", detail: "Mailbox full" }],
    ["message.bounce_detected", { bounce_reason: "gone" }, { state: "bounced", detail: "gone" }],
  ])("%s before its mail is applied once the mail arrives", async (type, told, shown) => {
    const object = mail();
    const early = { grant_id: box.grant_id, id: object.id, message_id: object.id, ...told };
    await postNotification(type, early);
    await waitFor(async () =>
      expect(await deliveries()).toContainEqual(expect.objectContaining({ type, attempts: 1 })),
    );
    await postNotification("message.created", { grant_id: box.grant_id, ...object });
    await waitFor(async () => expect(await delivery()).toMatchObject(shown));
  });
});

describe("an updated grant", () => {
  it.each([
    ["says nothing", {}],
    ["has changed otherwise", { code: 25014, reauthentication_flag: false }],
    ["contradicts its code", { code: 25027, reauthentication_flag: false }],
  ])("leaves an expired account unchanged when it %s", async (_what, fields) => {
    await deliver("grant.expired", { code: 25009 }, now() - 5);
    await deliver("grant.updated", fields);
    expect(await status()).toBe("disconnected");
  });

  it("leaves it unchanged in the case grant-updated-without-reauth.json", async () => {
    const told = caseObjects("grant-updated-without-reauth.json", { grant: box.grant_id, mailbox: "" });
    for (const [n, { type, object }] of told.entries()) {
      await deliver(type as string, object as Fields, now() - 5 + n);
    }
    expect(await status()).toBe("disconnected");
  });

  it.each([[{ reauthentication_flag: true }], [{ code: 25027 }], [{ code: "25027" }]])(
    "reactivates it with %j",
    async (fields) => {
      await deliver("grant.expired", { code: 25009 }, now() - 5);
      expect(await status()).toBe("disconnected");
      await deliver("grant.updated", fields);
      expect(await status()).toBe("active");
    },
  );
});

describe("an account that a user disconnected", () => {
  it("stays disconnected after a new sign-in, and stores no mail", async () => {
    await disconnect();
    await deliver("grant.updated", { code: 25027, reauthentication_flag: true });
    expect(await status()).toBe("disconnected");
    expect((await deliver("message.created", mail())).state).toBe("ignored");
    expect((await client.call("GET", `/messages/?account_id=${box.id}`)).body.total).toBe(0);
    const { body } = await client.call("GET", `/accounts/${box.id}/sync`);
    expect(body.disconnected_reason).toBe("Disconnected by a user");
  });

  it("can be reactivated by a user, and stores mail again", async () => {
    await disconnect();
    expect((await client.call("PATCH", `/accounts/${box.id}`, { status: "active" })).body.status).toBe(
      "active",
    );
    expect((await client.call("GET", `/accounts/${box.id}/sync`)).body.disconnected_reason).toBeNull();
    expect((await deliver("message.created", mail())).state).toBe("applied");
  });

  it("still loses its grant when the grant is deleted", async () => {
    await disconnect();
    await postNotification("grant.deleted", { grant_id: box.grant_id });
    await waitFor(async () => {
      const row = db.prepare("SELECT grant_id FROM ems_accounts WHERE id = ?").bind(box.id);
      expect(await row.first("grant_id")).toBeNull();
    });
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a JSON schema
type Schema = any;

const schemas: Record<string, Schema> = openapi.components.schemas;
const triggers: string[] = schemas.trigger_types.items.enum;

/** Builds an object of a schema: with required fields only, or with all. */
function example(schema: Schema, isFull: boolean, depth = 0): unknown {
  if (schema.$ref) return example(schemas[schema.$ref.split("/").at(-1)], isFull, depth);
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map((part: Schema) => example(part, isFull, depth)));
  }
  const choice = (schema.oneOf ?? schema.anyOf)?.[0];
  if (choice) return example(choice, isFull, depth);
  if (schema.properties) {
    const names = isFull && depth < 6 ? Object.keys(schema.properties) : (schema.required ?? []);
    const field = (name: string) => example(schema.properties[name] ?? {}, isFull, depth + 1);
    return Object.fromEntries(names.map((name: string) => [name, field(name)]));
  }
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  if (schema.type === "array") return isFull ? [example(schema.items ?? {}, isFull, depth + 1)] : [];
  if (schema.type === "integer" || schema.type === "number") return 1;
  return schema.type === "boolean" ? true : schema.type === "object" ? {} : "text";
}

const SCHEMAS: Record<string, string> = { folder: "folder", thread: "thread", grant: "GrantObject" };

describe("every trigger that Nylas publishes, with every object of its schema,", () => {
  it("is in the published schema", () => {
    expect(triggers).toContain("message.created");
    expect(triggers.length).toBeGreaterThan(40);
  });

  it.each(triggers)("%s is applied or ignored, and lists still work", async (type) => {
    const own = SCHEMAS[type.split(".")[0]!] ?? "message";
    // Tracking needs a stored mail.
    const known = mail({ id: "known" });
    await deliver("message.created", known);
    const objects = [...new Set([own, "message", "draft", "message_send_response"])].flatMap((name) =>
      [false, true].map((isFull) => example(schemas[name], isFull) as Fields),
    );
    // Complete, because the provider knows none of these mails.
    const needed = { id: "known", message_id: "known", grant_id: box.grant_id };
    const isWhole = type.startsWith("message.created") || type === "message.updated";
    const told = objects.map((object) => ({ ...(isWhole ? known : {}), ...object, ...needed }));
    const delivered = await deliverAll(type, type === "grant.deleted" ? told.slice(0, 1) : told);
    for (const { state } of delivered) expect(["applied", "ignored"]).toContain(state);
    for (const path of ["/messages/", "/inbox/", "/threads/", "/webhooks/deliveries/", "/accounts/"]) {
      expect((await client.call("GET", path)).status, path).toBe(200);
    }
  });
});
