import { describe, expect, it } from "vitest";
import { call } from "../support/client.ts";
import { createPerson, hubDb } from "../support/hub-client.ts";
import { addContact, block, markDeleted } from "../support/hub-people.ts";

const FULL = {
  first_name: "Ali",
  last_name: "Valiyev",
  bio: "Developer",
  phone: "+998901234567",
  picture: "abc",
  last_online: 1_700_000_000_000,
  last_login: 1_700_000_000_000,
  is_staff: true,
};

const seenBy = async (viewer: Awaited<ReturnType<typeof createPerson>>, id: number) =>
  viewer.call("GET", `/api/accounts/account/user/${id}/`);

describe("a person by id", () => {
  it("nobody, no number, blocked in either direction and being deleted are the same 404", async () => {
    const viewer = await createPerson();
    const [blocked, blocker, gone] = [await createPerson(), await createPerson(), await createPerson()];
    await block(viewer.id, blocked.id);
    await block(blocker.id, viewer.id);
    await markDeleted(gone.id);
    for (const id of [
      blocked.id,
      blocker.id,
      gone.id,
      999_999_999_999_999,
      "1e3",
      "-1",
      "abc",
      "9".repeat(40),
    ])
      expect(await viewer.call("GET", `/api/accounts/account/user/${id}/`), String(id)).toMatchObject({
        status: 404,
        body: { error: "Resource not found" },
      });
  });

  it("a stranger sees no phone, no times and no staff flag", async () => {
    const owner = await createPerson(FULL);
    const viewer = await createPerson();
    await addContact(viewer.id, owner.id);
    const { body } = await seenBy(viewer, owner.id);
    expect(body).toEqual({
      ...{ id: owner.id, first_name: "Ali", last_name: "Valiyev", username: owner.username },
      ...{ bio: "Developer", profile_picture: "https://xabar.test/media/abc", phone: null },
      ...{ is_private: false, is_active: true, is_staff: false },
      ...{ date_joined: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) },
      ...{ last_login: null, last_online: null },
    });
  });

  it("whom the owner has as contact sees phone and last_online", async () => {
    const owner = await createPerson(FULL);
    const viewer = await createPerson();
    await addContact(owner.id, viewer.id);
    expect((await seenBy(viewer, owner.id)).body).toMatchObject({
      phone: FULL.phone,
      last_online: expect.any(String),
      last_login: null,
      is_staff: false,
    });
  });

  it("staff sees the phone", async () => {
    const owner = await createPerson({ ...FULL, is_private: true });
    const staff = await createPerson({ is_staff: true });
    expect((await seenBy(staff, owner.id)).body).toMatchObject({
      ...{ phone: FULL.phone, bio: "Developer", last_online: null, last_login: null, is_staff: false },
    });
  });

  it("one sees all of oneself", async () => {
    const owner = await createPerson({ ...FULL, is_private: true });
    expect((await seenBy(owner, owner.id)).body).toMatchObject({
      ...{ phone: FULL.phone, bio: "Developer", is_staff: true },
      ...{ last_online: expect.any(String), last_login: expect.any(String) },
    });
  });

  it("a private profile has a name and a picture for strangers, and all for its contacts", async () => {
    const owner = await createPerson({ ...FULL, is_private: true });
    const [stranger, contact] = [await createPerson(), await createPerson()];
    await addContact(owner.id, contact.id);
    expect((await seenBy(stranger, owner.id)).body).toMatchObject({
      ...{ id: owner.id, first_name: "Ali", username: owner.username, bio: "", phone: null },
      ...{ profile_picture: "https://xabar.test/media/abc", is_private: true, last_online: null },
    });
    expect((await seenBy(contact, owner.id)).body).toMatchObject({ bio: "Developer", phone: FULL.phone });
  });
});

describe("a public profile", () => {
  const path = (username: string) => `/api/accounts/account/profile/${encodeURIComponent(username)}/`;

  it("is shown without a token, in any case of the username, with eight keys", async () => {
    const owner = await createPerson(FULL);
    const { status, body } = await call<object>(null, "GET", path(owner.username.toUpperCase()));
    expect(status).toBe(200);
    expect(body).toEqual({
      ...{
        id: owner.id,
        first_name: "Ali",
        last_name: "Valiyev",
        username: owner.username,
        bio: "Developer",
      },
      ...{
        profile_picture: "https://xabar.test/media/abc",
        is_private: false,
        date_joined: expect.any(String),
      },
    });
  });

  it("is 404 for nobody, for one being deleted, and for a block in either direction if a token is sent", async () => {
    const [viewer, owner, blocked, gone] = await Promise.all([0, 1, 2, 3].map(() => createPerson()));
    await block(owner!.id, viewer!.id);
    await block(viewer!.id, blocked!.id);
    await markDeleted(gone!.id);
    const answers = [
      await call(null, "GET", path("nobody-here")),
      await call(null, "GET", path("a%00'\"")),
      await call(null, "GET", path(gone!.username)),
      await viewer!.call("GET", path(owner!.username)),
      await viewer!.call("GET", path(blocked!.username)),
    ];
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 404, body: { error: "Resource not found" } });
    expect(await call(null, "GET", path(owner!.username))).toMatchObject({ status: 200 });
  });

  it("a token that is not valid counts as none", async () => {
    const owner = await createPerson();
    expect(await call("x.y.z", "GET", path(owner.username))).toMatchObject({ status: 200 });
  });

  it("has no bio of a private profile, but for its contacts", async () => {
    const owner = await createPerson({ ...FULL, is_private: true });
    const contact = await createPerson();
    await addContact(owner.id, contact.id);
    expect((await call<object>(null, "GET", path(owner.username))).body).toMatchObject({ bio: "" });
    expect((await contact.call("GET", path(owner.username))).body).toMatchObject({ bio: "Developer" });
  });

  it("is limited by address, or by who is signed in", async () => {
    const [owner, viewer] = [await createPerson(), await createPerson()];
    const fill = (who: string | number) =>
      hubDb
        .prepare("INSERT INTO hub_limits (key, count, ends_at) VALUES (?, 60, ?)")
        .bind(`public_profile ${who}`, Date.now() + 60_000)
        .run();
    await fill("192.0.2.7");
    await fill(viewer.id);
    const from = (address: string) =>
      call(null, "GET", path(owner.username), undefined, { "cf-connecting-ip": address });
    expect(await from("192.0.2.7")).toMatchObject({ status: 429 });
    expect(await from("192.0.2.8")).toMatchObject({ status: 200 });
    expect(await viewer.call("GET", path(owner.username))).toMatchObject({ status: 429 });
  });
});
