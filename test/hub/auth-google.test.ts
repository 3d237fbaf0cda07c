import { base64url } from "jose";
import { describe, expect, it } from "vitest";
import { call, unique } from "../support/client.ts";
import { auth, begin, codeOf, idToken, newEmail, PASSWORD, register, signIn } from "../support/hub-auth.ts";
import { createPerson, hubDb } from "../support/hub-client.ts";

const google = (token: string) => auth("oauth2/google/", { token });
const newSub = (): string => `1${unique()}`;
const ownerOf = async (access: string): Promise<Record<string, unknown>> => {
  const { sub } = JSON.parse(new TextDecoder().decode(base64url.decode(access.split(".")[1]!)));
  return (await hubDb.prepare("SELECT * FROM hub_users WHERE id = ?").bind(Number(sub)).first())!;
};
const REFUSED = { status: 400, body: { details: { token: ["Invalid Google ID token."] } } };

describe("a token is refused", () => {
  const seconds = Math.floor(Date.now() / 1000);
  it.each<[string, object, object?]>([
    ["of another issuer", { iss: "https://accounts.google.com.example" }],
    ["for another client", { aud: "foreign.apps.googleusercontent.com" }],
    ["that has expired", { exp: seconds - 60 }],
    ["without an end", { exp: undefined }],
    ["of an e-mail that Google has not verified", { email_verified: false }],
    ["that does not say whether it has", { email_verified: undefined }],
    ["without an e-mail", { email: undefined }],
    ["without a subject", { sub: undefined }],
    ["of an unknown key", {}, { kid: "another" }],
  ])("%s", async (_name, claims, header) => {
    const token = await idToken({ sub: newSub(), email: newEmail(), ...claims }, header);
    expect(await google(token)).toMatchObject(REFUSED);
  });

  it("that is opaque, unsigned, changed, or of the hub itself", async () => {
    const token = await idToken({ sub: newSub(), email: newEmail() });
    const [header, payload, signature] = token.split(".");
    const none = base64url.encode(JSON.stringify({ alg: "none" }));
    const other = base64url.encode(JSON.stringify({ sub: "1", email: "a@hub.example" }));
    const person = await createPerson();
    for (const bad of [
      "ya29.a0AfB_opaque",
      `${none}.${payload}.`,
      `${header}.${other}.${signature}`,
      person.token,
    ])
      expect(await google(bad)).toMatchObject(REFUSED);
    expect((await auth("oauth2/google/", {})).body.details).toEqual({ token: ["This field is required."] });
  });
});

describe("a sign-in by Google", () => {
  it("makes an account, and its tokens are not nested", async () => {
    const [sub, email] = [newSub(), newEmail()];
    const token = await idToken({ sub, email, given_name: "Aziza", family_name: "Karimova" });
    const { status, body } = await google(token);
    expect({ status, keys: Object.keys(body).sort() }).toEqual({ status: 200, keys: ["access", "refresh"] });
    expect(await ownerOf(body.access)).toMatchObject({
      ...{ email, google_sub: sub, password: null, first_name: "Aziza", last_name: "Karimova" },
    });
    expect((await call(body.access, "GET", "/api/posts/nothing/")).status).toBe(404);
  });

  it("without names, or with names that are no text, makes an account without them", async () => {
    const names = { given_name: 7, family_name: null };
    for (const claims of [{}, names]) {
      const { body } = await google(await idToken({ sub: newSub(), email: newEmail(), ...claims }));
      expect(await ownerOf(body.access)).toMatchObject({ first_name: "", last_name: "" });
    }
  });

  it("takes both issuers, and each of the clients", async () => {
    for (const claims of [
      { iss: "accounts.google.com" },
      { aud: "other.apps.googleusercontent.com" },
      { email_verified: "true" },
    ])
      expect((await google(await idToken({ sub: newSub(), email: newEmail(), ...claims }))).status).toBe(200);
  });

  it("is by the subject, whatever the e-mail is now", async () => {
    const sub = newSub();
    const one = await google(await idToken({ sub, email: newEmail() }));
    const two = await google(await idToken({ sub, email: newEmail() }));
    expect((await ownerOf(two.body.access)).id).toBe((await ownerOf(one.body.access)).id);
  });

  it("finds an account whose e-mail is verified here, which keeps its password", async () => {
    const email = await register();
    const { body } = await google(await idToken({ sub: newSub(), email: email.toUpperCase() }));
    expect((await ownerOf(body.access)).email).toBe(email);
    expect((await signIn(email)).status).toBe(200);
  });

  it("of another subject with the same e-mail is refused", async () => {
    const email = newEmail();
    await google(await idToken({ sub: newSub(), email }));
    expect((await google(await idToken({ sub: newSub(), email }))).status).toBe(400);
  });

  it("deletes a sign-up of the e-mail: neither its code nor its password works", async () => {
    const email = newEmail();
    await begin(email);
    const code = await codeOf(email);
    const { body } = await google(await idToken({ sub: newSub(), email }));
    expect((await auth("email-verify/", { code, email })).status).toBe(400);
    expect((await signIn(email, PASSWORD)).status).toBe(401);
    expect((await ownerOf(body.access)).password).toBeNull();
  });

  it("by ten requests at once makes one account", async () => {
    const email = newEmail();
    const token = await idToken({ sub: newSub(), email });
    const answers = await Promise.all(Array.from({ length: 10 }, () => google(token)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const count = hubDb.prepare("SELECT count(*) AS n FROM hub_users WHERE email = ?").bind(email);
    expect(await count.first("n")).toBe(1);
  });
});
