import { describe, expect, it } from "vitest";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { breakRoute, createGrant, eventually, expireGrant, notify, receiveMail } from "../support/nylas.ts";

const TAKEN = { detail: "Email account with this email address/grant already exists." };

describe("connecting", () => {
  it("a company outside the token is 403, without a grant lookup", async () => {
    const client = await createClient();
    const body = { company_id: unique(), email_address: "a@b.example", grant_id: "no-such-grant" };
    const answer = await client.call("POST", "/accounts/", body);
    expect(answer).toMatchObject({ status: 403, body: { detail: "No access to this company" } });
  });

  it("an unknown grant is 400", async () => {
    const client = await createClient();
    const body = {
      company_id: client.claims.companies[0],
      email_address: "a@b.example",
      grant_id: "nothing",
    };
    const answer = await client.call("POST", "/accounts/", body);
    expect(answer).toMatchObject({ status: 400, body: { detail: "grant_id: no such grant" } });
  });

  it("a grant of another address is 400, so no company can claim another's mailbox", async () => {
    const client = await createClient();
    const grant = await createGrant(`victim${unique()}@demo.example`);
    const email_address = `attacker${unique()}@demo.example`;
    const body = { company_id: client.claims.companies[0], email_address, grant_id: grant.id };
    const answer = await client.call("POST", "/accounts/", body);
    expect(answer).toMatchObject({
      status: 400,
      body: { detail: "grant_id: this grant belongs to another email address" },
    });
    expect((await client.call("GET", "/accounts/")).body).toEqual([]);
  });

  it("an expired grant is 400", async () => {
    const client = await createClient();
    const email_address = `expired${unique()}@demo.example`;
    const grant = await createGrant(email_address);
    await expireGrant(grant.id);
    const body = { company_id: client.claims.companies[0], email_address, grant_id: grant.id };
    expect(await client.call("POST", "/accounts/", body)).toMatchObject({ status: 400 });
  });

  it("a failing provider is 502, and nothing is stored", async () => {
    const client = await createClient();
    const email_address = `broken${unique()}@demo.example`;
    const grant = await createGrant(email_address);
    await breakRoute(`GET /v3/grants/${grant.id}`, "502html");
    const body = { company_id: client.claims.companies[0], email_address, grant_id: grant.id };
    const refused = await client.call("POST", "/accounts/", body);
    expect(refused.status).toBe(502);
    expect(refused.body.detail).not.toContain("<");
    expect((await client.call("GET", "/accounts/")).body).toEqual([]);
  });

  it("a taken address is 400, in any spelling and for any company", async () => {
    const owner = await createClient();
    const account = await connectMailbox(owner);
    const other = await createClient();
    for (const client of [owner, other]) {
      const email_address = account.email_address.toUpperCase();
      const body = { company_id: client.claims.companies[0], email_address };
      expect(await client.call("POST", "/accounts/", body)).toMatchObject({ status: 400, body: TAKEN });
    }
  });

  it("a taken grant is 400", async () => {
    const client = await createClient();
    const account = await connectMailbox(client);
    const body = { company_id: client.claims.companies[0], email_address: `other${unique()}@demo.example` };
    const answer = await client.call("POST", "/accounts/", { ...body, grant_id: account.grant_id });
    expect(answer.status).toBe(400);
  });

  it.each(["a/b", "..", ".", "a?b", "a b", "a%2fb", "a\\b", ""])(
    "a grant called %j is 400",
    async (grant_id) => {
      const client = await createClient();
      const body = {
        company_id: client.claims.companies[0],
        email_address: `d${unique()}@demo.example`,
        grant_id,
      };
      const answer = await client.call("POST", "/accounts/", body);
      expect([answer.status, answer.body.detail]).toEqual([400, expect.stringMatching(/^grant_id: must/)]);
    },
  );

  it("an address without a grant blocks no other company, and does not leak", async () => {
    const email_address = `ceo${unique()}@demo.example`;
    const [squatter, other, owner] = await Promise.all([createClient(), createClient(), createClient()]);
    const create = (client: Client, more = {}) =>
      client.call("POST", "/accounts/", { company_id: client.claims.companies[0], email_address, ...more });
    const first = await create(squatter);
    expect(first).toMatchObject({ status: 201, body: { status: "disconnected" } });
    expect(await create(other)).toMatchObject({ status: 201, body: { status: "disconnected" } });
    // A company can claim an address once.
    expect(await create(squatter)).toMatchObject({ status: 201, body: { id: first.body.id } });

    const grant = await createGrant(email_address);
    const connected = await create(owner, { grant_id: grant.id, email_address: email_address.toUpperCase() });
    expect(connected).toMatchObject({ status: 201, body: { status: "syncing" } });
    // A grant has proven the address, so it is taken.
    const isTaken = { status: 400, body: TAKEN };
    for (const client of [squatter, other, await createClient()]) {
      expect(await create(client)).toMatchObject(isTaken);
      expect(await create(client, { grant_id: grant.id })).toMatchObject(isTaken);
    }
    // After a disconnect it stays taken, except for its own company.
    expect((await owner.call("DELETE", `/accounts/${connected.body.id}`)).status).toBe(204);
    const grant_id = (await createGrant(email_address)).id;
    expect(await create(squatter, { grant_id })).toMatchObject(isTaken);
    expect((await squatter.call("GET", `/accounts/${first.body.id}`)).body.status).toBe("disconnected");
    const { id } = connected.body;
    expect(await create(owner)).toMatchObject({ status: 201, body: { id, status: "disconnected" } });
    expect(await create(owner, { grant_id })).toMatchObject({ status: 201, body: { id, status: "syncing" } });
  });

  it("of concurrent companies that prove one address, one succeeds", async () => {
    const email_address = `race${unique()}@demo.example`;
    const clients = await Promise.all(Array.from({ length: 5 }, () => createClient()));
    for (const client of clients.slice(0, 2)) {
      await client.call("POST", "/accounts/", { company_id: client.claims.companies[0], email_address });
    }
    const answers = await Promise.all(
      clients.map(async (client) => {
        const { id } = await createGrant(email_address);
        const body = { company_id: client.claims.companies[0], email_address, grant_id: id };
        return (await client.call("POST", "/accounts/", body)).status;
      }),
    );
    expect(answers.toSorted()).toEqual([201, 400, 400, 400, 400]);
  });

  it("without a grant the account is disconnected; `company` is null until it has a name", async () => {
    const client = await createClient();
    const [company_id] = client.claims.companies;
    const email_address = `plain${unique()}@demo.example`;
    const { status, body } = await client.call("POST", "/accounts/", { company_id, email_address });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      company_id,
      email_address,
      display_name: null,
      provider: "godaddy",
      status: "disconnected",
      last_sync_at: null,
      company: null,
    });
    expect(body).not.toHaveProperty("grant_id");
    await client.call("PUT", `/companies/${company_id}`, { name: "Acme Corporation" });
    const named = await client.call("GET", `/accounts/${body.id}`);
    expect(named.body.company).toEqual({ id: company_id, name: "Acme Corporation" });
  });

  it("with a grant it starts syncing, reads the history without events, and becomes active", async () => {
    const client = await createClient();
    const email = `history${unique()}@demo.example`;
    const grant = await createGrant(email);
    for (let n = 0; n < 60; n++) {
      const date = Date.UTC(2026, 0, 1, 0, n);
      await receiveMail({
        from: { email: "c@out.example" },
        to: [{ email }],
        subject: `Mail ${n}`,
        date,
        silent: true,
      });
    }
    const body = { company_id: client.claims.companies[0], email_address: email, grant_id: grant.id };
    const created = await client.call("POST", "/accounts/", body);
    expect(created).toMatchObject({ status: 201, body: { status: "syncing", last_sync_at: null } });
    await eventually(async () => {
      const { body: account } = await client.call("GET", `/accounts/${created.body.id}`);
      expect(account).toMatchObject({ status: "active", last_sync_at: expect.any(String) });
    });
    const { body: page } = await client.call("GET", "/messages/?size=100");
    expect(page.total).toBe(60);
    expect(page.items.map(({ subject }: { subject: string }) => subject)).toEqual(
      Array.from({ length: 60 }, (_, n) => `Mail ${59 - n}`),
    );
  });
});

describe("changing", () => {
  it("keeps absent fields, and null clears the display name", async () => {
    const client = await createClient();
    const account = await connectMailbox(client);
    const path = `/accounts/${account.id}/`;
    expect((await client.call("PATCH", path, { display_name: "Support" })).body).toMatchObject({
      display_name: "Support",
      status: "active",
    });
    expect((await client.call("PATCH", path, {})).body.display_name).toBe("Support");
    expect((await client.call("PATCH", path, { display_name: null })).body.display_name).toBeNull();
    expect((await client.call("PATCH", path, { status: "disconnected" })).body.status).toBe("disconnected");
    expect((await client.call("PATCH", path, { status: "active" })).body.status).toBe("active");
  });

  it("an account without a grant cannot become active", async () => {
    const client = await createClient();
    const body = { company_id: client.claims.companies[0], email_address: `none${unique()}@demo.example` };
    const { body: account } = await client.call("POST", "/accounts/", body);
    const answer = await client.call("PATCH", `/accounts/${account.id}`, { status: "active" });
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain("status");
  });
});

describe("disconnecting", () => {
  it("revokes the grant, keeps all mail, and can be repeated", async () => {
    const client = await createClient();
    const account = await connectMailbox(client);
    await receiveMail({
      from: { email: "c@out.example" },
      to: [{ email: account.email_address }],
      subject: "Kept",
    });
    await eventually(async () => expect((await client.call("GET", "/messages/")).body.total).toBe(1));
    for (const attempt of [1, 2]) {
      expect((await client.call("DELETE", `/accounts/${account.id}`)).status, `attempt ${attempt}`).toBe(204);
    }
    expect((await client.call("GET", `/accounts/${account.id}`)).body.status).toBe("disconnected");
    expect((await client.call("GET", "/messages/")).body.total).toBe(1);
  });

  it("changes nothing when the provider fails", async () => {
    const client = await createClient();
    const account = await connectMailbox(client);
    await breakRoute(`DELETE /v3/grants/${account.grant_id}`, "500");
    expect((await client.call("DELETE", `/accounts/${account.id}`)).status).toBe(502);
    expect((await client.call("GET", `/accounts/${account.id}`)).body.status).toBe("active");
    expect((await client.call("DELETE", `/accounts/${account.id}`)).status).toBe(204);
  });

  it("only its own company reconnects a disconnected address: same id, same mail", async () => {
    const client = await createClient();
    const account = await connectMailbox(client);
    await receiveMail({
      from: { email: "c@out.example" },
      to: [{ email: account.email_address }],
      subject: "Old",
    });
    await eventually(async () => expect((await client.call("GET", "/messages/")).body.total).toBe(1));
    await client.call("DELETE", `/accounts/${account.id}`);
    const grant = await createGrant(account.email_address);
    const body = { email_address: account.email_address, grant_id: grant.id };

    const thief = await createClient();
    const stolen = await thief.call("POST", "/accounts/", { ...body, company_id: thief.claims.companies[0] });
    expect(stolen).toMatchObject({ status: 400, body: TAKEN });

    const again = await client.call("POST", "/accounts/", { ...body, company_id: account.company_id });
    expect(again).toMatchObject({ status: 201, body: { id: account.id, status: "syncing" } });
    expect((await client.call("GET", "/messages/")).body.items[0].subject).toBe("Old");
  });

  it("an expired grant disconnects the account, which keeps the grant id for re-authentication", async () => {
    const client = await createClient();
    const account = await connectMailbox(client);
    await notify("grant.expired", { grant_id: account.grant_id, code: 25009 });
    await eventually(async () => {
      expect((await client.call("GET", `/accounts/${account.id}`)).body.status).toBe("disconnected");
    });
  });
});
