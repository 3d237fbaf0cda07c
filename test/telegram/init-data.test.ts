import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { verifyInitData } from "../../src/telegram/init-data.ts";
import { signInitData } from "../support/telegram-client.ts";

/** Signed by others: the example in the documentation of tma.js. */
const FOREIGN = {
  token: "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8",
  at: 1_662_771_648_000,
  user: 279_058_397,
  text: "query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%7D&auth_date=1662771648&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2",
};

const DAY = 86_400;
const verify = (text: string, token = env.TELEGRAM_BOT_TOKEN, maxAge = DAY) =>
  verifyInitData(text, token, maxAge);
const seconds = (ago: number) => String(Math.floor(Date.now() / 1000) - ago);

afterEach(() => void vi.useRealTimers());

it("takes what others have signed, for as long as it is young", async () => {
  vi.useFakeTimers({ now: FOREIGN.at + 1000, toFake: ["Date"] });
  expect(await verify(FOREIGN.text, FOREIGN.token)).toBe(FOREIGN.user);
  vi.setSystemTime(FOREIGN.at + DAY * 1000);
  expect(await verify(FOREIGN.text, FOREIGN.token)).toBe(FOREIGN.user);
  vi.setSystemTime(FOREIGN.at + DAY * 1000 + 1000);
  await expect(verify(FOREIGN.text, FOREIGN.token)).rejects.toMatchObject({ code: "unauthenticated" });
});

it("takes its own, with `signature` and any other field among what is signed", async () => {
  expect(await verify(await signInitData(5))).toBe(5);
  expect(await verify(await signInitData(6, { signature: undefined }))).toBe(6);
  expect(await verify(await signInitData(7, { chat: "1", chat_instance: "-2", start_param: "a-b_c" }))).toBe(
    7,
  );
  expect(await verify(await signInitData(8, { auth_date: seconds(-200) }))).toBe(8);
});

describe("refuses", async () => {
  const good = await signInitData(9);
  const cases: [string, string][] = [
    ["nothing", ""],
    ["another bot's", await signInitData(9, {}, "7000000002:other")],
    ["old", await signInitData(9, { auth_date: seconds(DAY + 5) })],
    ["of the future", await signInitData(9, { auth_date: seconds(-400) })],
    ["no time", await signInitData(9, { auth_date: undefined })],
    ["a time in words", await signInitData(9, { auth_date: "now" })],
    ["a time that is no whole number", await signInitData(9, { auth_date: `${seconds(0)}.5` })],
    ["no user", await signInitData(9, { user: undefined })],
    ["a user that is no JSON", await signInitData(9, { user: "9" })],
    ["a user without an id", await signInitData(9, { user: '{"first_name":"Ali"}' })],
    ["an id in a text", await signInitData(9, { user: '{"id":"9"}' })],
    ["a negative id", await signInitData(9, { user: '{"id":-9}' })],
    ["an id that is no whole number", await signInitData(9, { user: '{"id":9.5}' })],
    ["null as user", await signInitData(9, { user: "null" })],
    ["a line break", await signInitData(9, { start_param: "a\nuser={}" })],
    ["another user", good.replace("%22id%22%3A9", "%22id%22%3A8")],
    ["a field more", `${good}&start_param=x`],
    ["a field less", good.replace(/query_id=[^&]*&/, "")],
    ["no hash", good.replace(/&hash=.*/, "")],
    ["an empty hash", good.replace(/hash=.*/, "hash=")],
    ["half a hash", good.slice(0, -32)],
    ["a wrong hash", good.replace(/hash=../, "hash=zz")],
    ["a doubled hash", `${good}&hash=${"0".repeat(64)}`],
    ["a doubled user", `${good}&user=%7B%22id%22%3A8%7D`],
    ["a doubled user in front", `user=%7B%22id%22%3A8%7D&${good}`],
    ["no signature among what is signed", good.replace(/&signature=[^&]*/, "")],
    ["too long", await signInitData(9, { start_param: "x".repeat(9000) })],
  ];

  it.each(cases)("%s", async (_name, text) => {
    await expect(verify(text)).rejects.toMatchObject({
      code: "unauthenticated",
      message: "Invalid or expired init data",
    });
  });
});
