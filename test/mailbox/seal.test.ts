import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { configure } from "../../src/mailbox/account/settings.ts";
import { statusOf } from "../../src/mailbox/account/status.ts";
import type { MailboxContext } from "../../src/mailbox/context.ts";
import type { MailboxEnv } from "../../src/mailbox/env.ts";
import { MailError } from "../../src/mailbox/errors.ts";
import { credentialsOf } from "../../src/mailbox/secrets/credentials.ts";
import { addSecrets, openSecrets, rewrap, sealSecrets } from "../../src/mailbox/secrets/seal.ts";
import { bindings, mailboxOf, newOwner, settingsOf } from "./support/mailbox.ts";
import { insideOf } from "./support/quiet.ts";

// Wrangler writes NODE_ENV into the bundle. Tests run the sources, so here it can be set.
declare const process: { env: { NODE_ENV?: string } };
afterEach(() => {
  process.env.NODE_ENV = "test";
});

const SERVER = settingsOf({ port: 1 }).incoming;

const SECRETS = { password: "correct horse", smtpPassword: "battery staple" };

const keyOf = (id: string, byte: number) => ({ id, key: new Uint8Array(32).fill(byte).toBase64() });
const OLD = keyOf("test", 7); // as in vitest.config.ts
const NEW = keyOf("new", 8);

const withKeys = (ctx: MailboxContext, keys: unknown): MailboxContext => ({
  ...ctx,
  env: { ...bindings, MAIL_KEYS: typeof keys === "string" ? keys : JSON.stringify(keys) },
});

async function opened() {
  const owner = newOwner();
  const settings = settingsOf({ port: 1, isSyncEnabled: false });
  expect(await mailboxOf(owner).configure(owner, settings, SECRETS)).toMatchObject({ ok: true });
  return { owner, settings };
}

const row = (ctx: MailboxContext) =>
  ctx.sql.exec<{ secrets: string; data_key: string; key_id: string }>("SELECT * FROM account").one();

const valuesOf = async (ctx: MailboxContext) => (await openSecrets(ctx))?.values;

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error) => (error instanceof MailError ? error.code : error),
  );

describe("sealed secrets are refused", () => {
  test("in the row of another account, or at another name", async () => {
    const [mine, theirs] = [await opened(), await opened()];
    const stolen = await insideOf(theirs.owner, row);
    await insideOf(mine.owner, async (ctx) => {
      const own = row(ctx);
      const put = (secrets: string, dataKey: string) =>
        ctx.sql.exec("UPDATE account SET secrets = ?, data_key = ?", secrets, dataKey);
      put(stolen.secrets, stolen.data_key);
      expect(await codeOf(openSecrets(ctx))).toBe("KEYS_MISSING");
      put(stolen.secrets, own.data_key);
      expect(await codeOf(openSecrets(ctx))).toBe("KEYS_MISSING");
      const { password, smtpPassword } = JSON.parse(own.secrets);
      put(JSON.stringify({ password: smtpPassword, smtpPassword: password }), own.data_key);
      expect(await codeOf(openSecrets(ctx))).toBe("KEYS_MISSING");
      put(own.secrets, own.data_key);
      expect(await valuesOf(ctx)).toEqual(SECRETS);
    });
  });

  test("with any bit changed", async () => {
    const { owner } = await opened();
    await insideOf(owner, async (ctx) => {
      const before = row(ctx);
      const flipped = (text: string, bit: number) => {
        const bytes = Uint8Array.fromBase64(text);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return bytes.toBase64();
      };
      const isKey = fc.boolean();
      await fc.assert(
        fc.asyncProperty(isKey, fc.nat(8 * 41 - 1), async (ofKey, bit) => {
          const { password, smtpPassword } = JSON.parse(before.secrets);
          const secrets = ofKey ? password : flipped(password, bit);
          ctx.sql.exec(
            "UPDATE account SET secrets = ?, data_key = ?",
            JSON.stringify({ password: secrets, smtpPassword }),
            ofKey ? flipped(before.data_key, bit) : before.data_key,
          );
          expect(await codeOf(openSecrets(ctx))).toBe("KEYS_MISSING");
        }),
        { numRuns: 60 },
      );
    });
  });

  test.each([
    ["no keys", ""],
    ["no JSON", "secret-key"],
    ["no list", { id: "a", key: OLD.key }],
    ["an empty list", []],
    ["a key that is too short", [{ id: "a", key: "c2hvcnQ=" }]],
    ["one good key and one that is no base64", [OLD, { id: "a", key: "%%%" }]],
    ["an id twice", [OLD, { ...NEW, id: "test" }]],
    ["a key without an id", [{ key: OLD.key }]],
    ["another key of the same id", [{ ...NEW, id: "test" }]],
    ["other keys alone", [NEW]],
  ])("by %s: KEYS_MISSING, and the status still answers", async (_, keys) => {
    const { owner } = await opened();
    await insideOf(owner, async (ctx) => {
      const other = withKeys(ctx, keys);
      const before = row(ctx);
      expect(await codeOf(credentialsOf(other, "incoming", SERVER))).toBe("KEYS_MISSING");
      await rewrap(other);
      expect(row(ctx)).toEqual(before);
      expect(statusOf(other)).toMatchObject({ keyId: "test" });
    });
  });

  test("a mailbox is not opened without keys, and nothing of it is kept", async () => {
    const owner = newOwner();
    await insideOf(owner, async (ctx) => {
      const settings = settingsOf({ port: 1 });
      expect(await codeOf(configure(withKeys(ctx, ""), owner, settings, SECRETS))).toBe("KEYS_MISSING");
      expect(ctx.sql.exec("SELECT * FROM account").toArray()).toEqual([]);
    });
  });

  test("keys that anybody can read seal nothing in production", async () => {
    const { owner, settings } = await opened();
    const published = [{ ...NEW, id: "local-do-not-deploy" }];
    await insideOf(owner, async (ctx) => {
      process.env.NODE_ENV = "production";
      const attempt = configure(withKeys(ctx, published), owner, settings, SECRETS);
      expect(await codeOf(attempt)).toBe("KEYS_MISSING");
      process.env.NODE_ENV = "development";
      expect(await codeOf(configure(withKeys(ctx, published), owner, settings, SECRETS))).toBe("no error");
    });
  });
});

describe("secrets", () => {
  test("stand nowhere in the database, and no two accounts have the same text", async () => {
    const rows = [];
    for (const { owner } of [await opened(), await opened()]) rows.push(await insideOf(owner, row));
    expect(JSON.stringify(rows)).not.toMatch(/horse|staple/);
    const [first, second] = rows.map(({ secrets }) => JSON.parse(secrets));
    expect(first.password).not.toBe(second.password);
    // 12 bytes of nonce, 16 of tag.
    expect(Uint8Array.fromBase64(first.password)).toHaveLength(12 + "correct horse".length + 16);
  });

  test("of any text open as they were", async () => {
    const { owner } = await opened();
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 200 });
    await insideOf(owner, (ctx) =>
      fc.assert(
        fc.asyncProperty(text, async (password) => {
          const { dataKey, secrets, keyId } = await sealSecrets(ctx.env, owner.accountId, { password });
          ctx.sql.exec("UPDATE account SET secrets = ?, data_key = ?, key_id = ?", secrets, dataKey, keyId);
          expect(await valuesOf(ctx)).toEqual({ password });
        }),
        { numRuns: 50 },
      ),
    );
  });

  test("follow a new key, of which an account costs its own key alone; then the old one can go", async () => {
    const { owner } = await opened();
    await insideOf(owner, async (ctx) => {
      const before = row(ctx);
      const both = withKeys(ctx, [NEW, OLD]);
      expect(await valuesOf(both)).toEqual(SECRETS);
      await Promise.all([rewrap(both), rewrap(both)]);
      const after = row(ctx);
      expect(after.secrets).toBe(before.secrets);
      expect(after.key_id).toBe("new");
      expect(Uint8Array.fromBase64(after.data_key)).toHaveLength(60);
      expect(await valuesOf(withKeys(ctx, [NEW]))).toEqual(SECRETS);
      expect(await codeOf(openSecrets(ctx))).toBe("KEYS_MISSING");
      await rewrap(withKeys(ctx, [OLD, NEW]));
      expect(row(ctx).key_id).toBe("test");
    });
  });

  test("are not lost when a new key takes over while they are stored", async () => {
    const { owner } = await opened();
    await insideOf(owner, async (ctx) => {
      const both = withKeys(ctx, [NEW, OLD]);
      const before = await openSecrets(ctx);
      const [isStored] = await Promise.all([
        addSecrets(both, before!, { refreshToken: "new" }),
        rewrap(both),
        rewrap(both),
      ]);
      expect(isStored).toBe(true);
      expect(await valuesOf(both)).toEqual({ ...SECRETS, refreshToken: "new" });
    });
  });

  test("of settings that were replaced, or of a closed mailbox, are not brought back", async () => {
    const { owner, settings } = await opened();
    const before = await insideOf(owner, openSecrets);
    await mailboxOf(owner).configure(owner, settings, { password: "another" });
    expect(await insideOf(owner, (ctx) => addSecrets(ctx, before!, { password: "old" }))).toBe(false);
    expect(await insideOf(owner, valuesOf)).toEqual({ ...SECRETS, password: "another" });
    const again = await insideOf(owner, openSecrets);
    await mailboxOf(owner).close(owner);
    expect(await insideOf(owner, (ctx) => addSecrets(ctx, again!, { password: "old" }))).toBe(false);
    expect(await insideOf(owner, (ctx) => row(ctx).secrets)).toBeNull();
  });

  test("are those of settings that changed while others were sealed", async () => {
    const { owner } = await opened();
    await insideOf(owner, async (ctx) => {
      const before = await openSecrets(ctx);
      const { secrets, dataKey, keyId } = await sealSecrets(ctx.env, owner.accountId, { password: "newest" });
      let reads = 0;
      const exec = (query: string, ...params: SqlStorageValue[]) => {
        const isRead = query.startsWith("SELECT account_id, secrets");
        if (isRead && ++reads === 2)
          ctx.sql.exec("UPDATE account SET secrets = ?, data_key = ?, key_id = ?", secrets, dataKey, keyId);
        return ctx.sql.exec(query, ...params);
      };
      const late = { ...ctx, sql: { exec } as SqlStorage };
      expect(await addSecrets(late, before!, { password: "old" })).toBe(false);
      expect(reads).toBeGreaterThan(2);
      expect(await valuesOf(ctx)).toEqual({ password: "newest" });
    });
  });

  test("that no key opens any more give way to new ones", async () => {
    const { owner, settings } = await opened();
    await insideOf(owner, async (ctx) => {
      const other = withKeys(ctx, [NEW]);
      expect(await codeOf(configure(other, owner, settings, { password: "again" }))).toBe("no error");
      expect(await valuesOf(other)).toEqual({ password: "again" });
    });
  });
});

test("the environment of a test has keys", () => {
  const { MAIL_KEYS } = bindings as MailboxEnv;
  expect(JSON.parse(MAIL_KEYS ?? "")).toEqual([OLD]);
});
