import { describe, expect, it } from "vitest";
import { hashPassword, needsRehash, verifyPassword } from "../../src/hub/auth/passwords.ts";

// Made by Node's own argon2 and pbkdf2.
const SALT = "$BQUFBQUFBQUFBQUFBQUFBQ$";
const ENGLISH = `$argon2id$v=19$m=19456,t=2,p=1${SALT}rrdyTujiunfcvFU5Z8y3eAtL+iwrni+IHAW2O5DNfzY`;
const CYRILLIC = `$argon2id$v=19$m=19456,t=2,p=1${SALT}9uqE04OgwE59sQl9hp2dJ6JqhvxrBHnH9VWWGfo/7B8`;
const CHEAPER = `$argon2id$v=19$m=12288,t=3,p=1${SALT}h8bqgA+xwXYiwIodx5cr8/SEzTO8vjr7J670G7qJ26c`;
const DJANGO = "pbkdf2_sha256$100000$abcSALT$KOVjntx3eXzbrTR43zYuxglY3twXZsNhXJGWbP9tNbc=";

describe("a password", () => {
  it.each([
    ["correct horse", ENGLISH],
    ["correct horse", CHEAPER],
    ["correct horse", DJANGO],
    ["пароль🙂ўғ", CYRILLIC],
    ["пароль🙂ўғ", "pbkdf2_sha256$100000$abcSALT$HcAEhQsJP5pv7fUh9M9m/hUF3KYSrVT0gtB9CdNAGLw="],
  ])("%j fits the hash that another library has made", async (text, hash) => {
    expect(await verifyPassword(text, hash)).toBe(true);
    expect(await verifyPassword(`${text}.`, hash)).toBe(false);
    expect(await verifyPassword(text.slice(0, -1), hash)).toBe(false);
  });

  it("has a new salt each time", async () => {
    const [one, two] = [await hashPassword("correct horse"), await hashPassword("correct horse")];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await verifyPassword("correct horse", two)).toBe(true);
    expect(await verifyPassword("correct hors", two)).toBe(false);
  });

  it.each([null, "", "plain", "!", ENGLISH.slice(0, -1), DJANGO.replace("100000", "100001"), "md5$a$b"])(
    "fits no hash like %j",
    async (hash) => {
      expect(await verifyPassword("correct horse", hash)).toBe(false);
    },
  );

  it("is hashed again when its hash is of another kind or cost", () => {
    expect([ENGLISH, CHEAPER, DJANGO].map(needsRehash)).toEqual([false, true, true]);
  });
});
