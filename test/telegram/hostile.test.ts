import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { call } from "../support/client.ts";
import { jpeg } from "../support/pictures.ts";
import { connect, foundGroup } from "../support/telegram-accounts.ts";
import { BASE, createTelegramUser, operatorToken } from "../support/telegram-client.ts";

const multipart = { "content-type": "multipart/form-data; boundary=b" };
const part = (disposition: string, body: string) =>
  `--b\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${body}\r\n`;

describe("a phone", () => {
  it.each([998901234567.5, -998901234567, "-998901234567", 1e30, "٩٩٨٩٠١٢٣٤٥٦٧", "9".repeat(30), "+"])(
    "%s is none",
    async (phone) => {
      const user = await createTelegramUser();
      expect(await user.call("POST", "/accounts/{id}/send-code/", { phone })).toMatchObject({
        status: 200,
        body: { success: false, error: "invalid_phone" },
      });
    },
  );

  it("of a path with a sign or a point is none", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user, [foundGroup()]);
    for (const text of [`-${phone}`, `${phone}.5`])
      expect(await user.call("DELETE", `/accounts/{id}/${text}/`), text).toMatchObject({ status: 404 });
    expect((await user.call("GET", "/accounts/{id}/")).body).toHaveLength(1);
  });
});

it("a language that is no number is 400", async () => {
  const credential = { authorization: `Bearer ${await operatorToken()}` };
  for (const lang of [{ toString: 1 }, [1], true, 3, "", {}])
    expect(
      await call(
        null,
        "PUT",
        "/telegram/users/5",
        { phone: 998901234567, first_name: "A", lang },
        credential,
      ),
      JSON.stringify(lang),
    ).toMatchObject({ status: 400, body: { lang: [expect.stringContaining("is not a valid choice.")] } });
});

describe("a form", () => {
  it("with a file for a text is 400", async () => {
    const user = await createTelegramUser();
    const form = `${part('name="text"; filename="a.txt"', "Yuk bor")}--b--`;
    expect(await user.call("PATCH", "/mailing/{id}/", form, multipart)).toMatchObject({
      status: 400,
      body: { text: ["Not a valid string."] },
    });
    const sent = `${part('name="phone"; filename="a.txt"', "998901234567")}--b--`;
    expect(await user.call("POST", "/accounts/{id}/send-code/", sent, multipart)).toMatchObject({
      status: 400,
      body: { phone: ["Not a valid string."] },
    });
  });

  it.each([
    ["that breaks off", part("name=text", "x")],
    ["without a name", part("", "x").replace("form-data; ", "x")],
  ])("%s cannot be read", async (_name, form) => {
    const user = await createTelegramUser();
    const answer = await user.call("PATCH", "/mailing/{id}/", form, multipart);
    expect([answer.status, answer.body]).toEqual([
      400,
      { detail: expect.stringMatching(/^Multipart form parse error - /) },
    ]);
  });

  it("with 120,000 fields of one name is read in linear time", async () => {
    const user = await createTelegramUser();
    const form = "text=x&".repeat(2) + "a&".repeat(120_000);
    const type = { "content-type": "application/x-www-form-urlencoded" };
    expect(await user.call("PATCH", "/mailing/{id}/", form, type)).toMatchObject({
      status: 400,
      body: { text: ["Not a valid string."] },
    });
  });
});

describe("a part of a picture", async () => {
  const user = await createTelegramUser();
  const form = new FormData();
  form.append("image", new File([jpeg()], "a"));
  const sent = new Request(`https://xabar.test${BASE}/mailing/${user.id}/`, {
    method: "PATCH",
    body: form,
    headers: { authorization: `tma ${user.initData}` },
  });
  const { image } = await (await exports.default.fetch(sent)).json<{ image: string }>();
  const { length } = jpeg();

  it.each<[string, number, string | null]>([
    ["bytes=-5", 206, `bytes ${length - 5}-${length - 1}/${length}`],
    ["bytes=5-", 206, `bytes 5-${length - 1}/${length}`],
    ["bytes=0-0", 206, `bytes 0-0/${length}`],
    [`bytes=2-${length * 9}`, 206, `bytes 2-${length - 1}/${length}`],
    ["bytes=-999999", 200, null],
    ["bytes=0-1,4-5", 200, null],
    ["bytes=9-2", 200, null],
    ["bytes=x", 200, null],
    ["lines=0-1", 200, null],
  ])("%s is %i", async (range, status, part) => {
    for (const method of ["GET", "HEAD"]) {
      const request = new Request(`https://xabar.test${image}`, { method, headers: { range } });
      const answer = await exports.default.fetch(request);
      await answer.arrayBuffer();
      expect([answer.status, answer.headers.get("content-range")], method).toEqual([status, part]);
    }
  });
});
