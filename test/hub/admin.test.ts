import { describe, expect, it } from "vitest";
import { type Answered, call } from "../support/client.ts";
import { createPerson, hubDb } from "../support/hub-client.ts";

const USERS = "/api/accounts/admin/user/";
const PROFILE = "/api/accounts/account/profile/";

const staff = () => createPerson({ is_staff: true });

describe("who is not staff", () => {
  it.each([
    ["GET", USERS],
    ["GET", `${USERS}1/`],
    ["DELETE", `${USERS}1/`],
  ])("is 403 at %s %s, and 401 without a token", async (method, path) => {
    expect(await (await createPerson()).call(method, path)).toMatchObject({
      status: 403,
      body: { detail: "You do not have permission to perform this action." },
    });
    expect((await call(null, method, path)).status).toBe(401);
  });

  it("deletes nobody", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    await person.call("DELETE", `${USERS}${other.id}/`);
    expect((await other.call("GET", PROFILE)).status).toBe(200);
  });
});

describe("staff", () => {
  it("sees the newest first, also who has blocked them and who is private, but nobody that is being deleted", async () => {
    const admin = await staff();
    const [blocker, hidden, gone] = [
      await createPerson(),
      await createPerson({ is_private: true, phone: "+998901234567", bio: "hidden bio" }),
      await createPerson(),
    ];
    await hubDb.prepare("UPDATE hub_users SET deleted_at = 1 WHERE id = ?").bind(gone.id).run();
    await hubDb
      .prepare("INSERT INTO hub_blocks (user_id, blocked_id, created_at) VALUES (?, ?, 1)")
      .bind(blocker.id, admin.id)
      .run();
    const { status, body } = await admin.call("GET", USERS);
    expect(status).toBe(200);
    expect(body.slice(0, 3)).toMatchObject([
      { id: hidden.id, is_private: true, phone: "+998901234567", bio: "hidden bio" },
      { id: blocker.id },
      { id: admin.id, is_staff: true },
    ]);
    expect(JSON.stringify(body)).not.toContain("@");
    expect((await admin.call("GET", `${USERS}${blocker.id}`)).body).toMatchObject({ id: blocker.id });
    expect((await admin.call("GET", `${USERS}${gone.id}/`)).status).toBe(404);
  });

  it("pages through everybody once", async () => {
    const admin = await staff();
    await Promise.all(Array.from({ length: 5 }, () => createPerson()));
    const { results: all } = await hubDb
      .prepare("SELECT id FROM hub_users WHERE deleted_at IS NULL ORDER BY id DESC")
      .all<{ id: number }>();
    const seen: number[] = [];
    interface Users {
      count: number;
      next: string | null;
      results: { id: number }[];
    }
    let next: string | null = `https://xabar.test${USERS}?page=1&page_size=3`;
    while (next) {
      const { pathname, search }: URL = new URL(next);
      const { status, body }: Answered<Users> = await admin.call("GET", pathname + search);
      expect(status).toBe(200);
      expect(body.count).toBe(all.length);
      seen.push(...body.results.map(({ id }) => id));
      next = body.next;
    }
    expect(seen).toEqual(all.map(({ id }) => id));
    expect((await admin.call("GET", `${USERS}?page=999`)).status).toBe(404);
  });

  it.each(["0", "999999999", "99999999999999999999", "abc", "1.5", "-1"])("an id %s is 404", async (id) => {
    const admin = await staff();
    expect((await admin.call("GET", `${USERS}${id}/`)).status).toBe(404);
    expect((await admin.call("DELETE", `${USERS}${id}/`)).status).toBe(404);
  });

  it("deletes an account, whose sessions end at once", async () => {
    const [admin, person] = [await staff(), await createPerson()];
    expect((await admin.call("DELETE", `${USERS}${person.id}/`)).status).toBe(204);
    expect((await person.call("GET", PROFILE)).status).toBe(401);
    expect((await admin.call("GET", `${USERS}${person.id}/`)).status).toBe(404);
    expect((await admin.call("DELETE", `${USERS}${person.id}/`)).status).toBe(404);
  });

  it("cannot delete themselves without the code: 400", async () => {
    const admin = await staff();
    expect((await admin.call("DELETE", `${USERS}${admin.id}/`)).status).toBe(400);
    expect((await admin.call("GET", PROFILE)).status).toBe(200);
  });
});
