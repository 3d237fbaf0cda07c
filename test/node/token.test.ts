import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeProtectedHeader, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDevVars, signToken } from "../../dev/token.ts";

const secret = "a-secret-for-this-test-only-and-long";
const script = fileURLToPath(new URL("../../dev/token.ts", import.meta.url));
const request = { user: 7, companies: [1, 2], role: "admin", hours: 24 };

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "token-"));
});
afterAll(() => rm(dir, { recursive: true }));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

const run = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const env = { ...process.env, JWT_SECRET: secret };
    execFile(process.execPath, [script, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });

const verify = async (token: string) => (await jwtVerify(token, new TextEncoder().encode(secret))).payload;

test.concurrent.each([
  { args: ["--user", "nine"] },
  { args: ["--companies", "1,"] },
  { args: ["--role", ""] },
  { args: ["--name", " "] },
  { args: ["--name", "two\nlines"] },
  { args: ["--name", "x".repeat(201)] },
  { args: ["--hours", "0"] },
  { args: ["--admin"] },
  { args: ["--tenant", "acme"] },
  { args: ["--tenant", "550e8400-e29b-41d4-a716-446655440000"] },
  { args: ["stray"] },
])("$args is refused in one sentence, with exit code 2", async ({ args }) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^.{10,200}\n$/);
});

test("an empty secret is refused", async () => {
  await expect(signToken(request, "")).rejects.toThrow();
});

test("a missing vars file is refused", () => {
  expect(() => readDevVars(join(dir, "none"))).toThrow(/ENOENT/);
});

test("a token carries its claims under HS256 and expires when it should", async () => {
  const token = await signToken({ ...request, hours: 2 }, secret);
  const { exp, ...claims } = await verify(token);
  expect(decodeProtectedHeader(token).alg).toBe("HS256");
  expect(claims).toEqual({ user_id: 7, role: "admin", companies: [1, 2] });
  expect(Math.abs(exp! - Date.now() / 1000 - 7200)).toBeLessThan(5);
});

test("the command prints only the token", async () => {
  const { code, stdout, stderr } = await run("--user", "7", "--companies", "3,4", "--role", "agent");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(await verify(stdout.trim())).toMatchObject({ user_id: 7, companies: [3, 4], role: "agent" });
});

test("a token has a name if it is given", async () => {
  const { stdout } = await run("--user", "7", "--name", " Malika Yusupova ");
  expect(await verify(stdout.trim())).toMatchObject({ user_id: 7, name: "Malika Yusupova" });
});

test("without arguments the token is for user 1, an admin of companies 1 and 2, for a day", async () => {
  const { exp, ...claims } = await verify((await run()).stdout.trim());
  expect(claims).toEqual({ user_id: 1, role: "admin", companies: [1, 2] });
  expect(Math.abs(exp! - Date.now() / 1000 - 86_400)).toBeLessThan(10);
});

test("an operator's token names no user and no company", async () => {
  const { exp, ...claims } = await verify((await run("--operator")).stdout.trim());
  expect(claims).toEqual({ sub: "operator", role: "admin" });
});

test("a token may have no company", async () => {
  expect(await verify((await run("--companies", "")).stdout.trim())).toMatchObject({ companies: [] });
});

test("vars are read with and without quotes, and comments are skipped", async () => {
  const path = join(dir, "vars");
  await writeFile(path, '# a comment\nJWT_SECRET="with = and spaces"\nPLAIN=8788\n');
  expect(readDevVars(path)).toEqual({ JWT_SECRET: "with = and spaces", PLAIN: "8788" });
});

test("with --tenant it is a token of the Email Service API", async () => {
  const [tenant, user] = [crypto.randomUUID(), crypto.randomUUID()];
  const { code, stdout } = await run("--tenant", tenant, "--user", user, "--role", "user");
  expect(code).toBe(0);
  expect(await verify(stdout.trim())).toEqual({
    ...{ tenant_id: tenant, user_id: user, role: "user", exp: expect.any(Number) },
  });
});
