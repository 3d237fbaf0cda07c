import { createExecutionContext, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createContext } from "../../src/telegram/context.ts";
import { sweepFiles } from "../../src/telegram/scheduler/content.ts";
import { type Answered, call } from "../support/client.ts";
import { big, chunk, gif, join, jpeg, plainWebp, png, video, webm } from "../support/pictures.ts";
import { BASE, createTelegramUser, operatorToken, type TelegramUser } from "../support/telegram-client.ts";
import { film } from "../support/telegram-media.ts";
import { waitFor } from "../support/wait.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
type Answer = Promise<Answered<any>>;

const MB = 1024 * 1024;
const PATH = "/mailing/{id}/";

/** Sends a form. A list is a field that occurs several times; bytes are a file. */
async function send(user: TelegramUser, fields: Record<string, unknown>): Answer {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    for (const each of [value].flat())
      if (each instanceof Uint8Array)
        form.append(name, new File([each as Uint8Array<ArrayBuffer>], "../x.exe", { type: "text/html" }));
      else form.append(name, String(each));
  const request = new Request(`https://xabar.test${BASE}/mailing/${user.id}/`, {
    method: "PATCH",
    body: form,
    headers: { authorization: `tma ${user.initData}` },
  });
  const response = await exports.default.fetch(request);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** What lies in R2. */
async function stored(): Promise<string[]> {
  const { objects } = await env.ATTACHMENTS.list({ prefix: "telegram/" });
  return objects.map(({ key }) => key);
}

const objectOf = ({ id }: TelegramUser) => env.TELEGRAM_MAILING.getByName(String(id));
const rows = <Row extends Record<string, SqlStorageValue>>(
  user: TelegramUser,
  query: string,
  ...values: unknown[]
) =>
  runInDurableObject(objectOf(user), (_object, { storage }) =>
    storage.sql.exec<Row>(query, ...(values as SqlStorageValue[])).toArray(),
  );

/** A PNG whose head says this size. */
const sized = (width: number, height: number) =>
  join("\x89PNG\r\n\x1a\n", chunk("IHDR", [...big(width), ...big(height), 8, 2, 0, 0, 0]), chunk("IEND"));

const clip = (bytes = 100) => film({ width: 640, height: 360, seconds: 12.5, bytes });

afterEach(() => void vi.useRealTimers());

describe("refused", () => {
  it.each<[string, object, object]>([
    ["null", { text: null }, { text: ["This field may not be null."] }],
    ["a list", { text: ["x"] }, { text: ["Not a valid string."] }],
    ["a boolean", { text: true }, { text: ["Not a valid string."] }],
    [
      "4,097 characters",
      { text: "x".repeat(4097) },
      { text: ["Ensure this field has no more than 4096 characters."] },
    ],
    ["half a character", { text: "\ud800" }, { text: ["Null characters are not allowed."] }],
    ["a zero", { text: "a\0b" }, { text: ["Null characters are not allowed."] }],
    [
      "a path as image",
      { image: "/media/mailing/x.jpg" },
      { image: ["The submitted data was not a file. Check the encoding type on the form."] },
    ],
    [
      "a file made up in JSON",
      { video: { media: { key: "telegram/x.mp4", kind: "video" } } },
      { video: ["The submitted data was not a file. Check the encoding type on the form."] },
    ],
    [
      "several bad fields",
      { text: null, image: 5 },
      {
        text: ["This field may not be null."],
        image: ["The submitted data was not a file. Check the encoding type on the form."],
      },
    ],
  ])("%s in JSON", async (_name, body, fields) => {
    const user = await createTelegramUser();
    expect(await user.call("PATCH", PATH, body)).toMatchObject({ status: 400, body: fields });
  });

  it.each<[string, string, object]>([
    ["half an object", "{", { detail: "JSON parse error" }],
    ["words", "hello", { detail: "JSON parse error" }],
    ["a deep nest", "[".repeat(50) + "]".repeat(50), { detail: "JSON parse error" }],
    ["a list", "[]", { non_field_errors: ["Invalid data. Expected a dictionary, but got list."] }],
    ["a text", '"x"', { non_field_errors: ["Invalid data. Expected a dictionary, but got str."] }],
    ["a number", "5", { non_field_errors: ["Invalid data. Expected a dictionary, but got int."] }],
    ["null", "null", { non_field_errors: ["No data provided"] }],
  ])("%s as a body", async (_name, body, answer) => {
    const user = await createTelegramUser();
    expect(await user.call("PATCH", PATH, body)).toMatchObject({ status: 400, body: answer });
  });

  it("a body of another type is 415", async () => {
    const user = await createTelegramUser();
    const answer = await user.call("PATCH", PATH, "text: x", { "content-type": "text/plain" });
    expect([answer.status, answer.body]).toEqual([
      415,
      { detail: 'Unsupported media type "text/plain" in request.' },
    ]);
  });

  it("a form without a boundary, or that breaks off, is 400", async () => {
    const user = await createTelegramUser();
    for (const [type, text] of [
      ["multipart/form-data", "x"],
      [
        "multipart/form-data; boundary=b",
        "--b\r\ncontent-disposition: form-data; name=image; filename=a\r\n\r\n\xff\xd8\xff",
      ],
      ["multipart/form-data; boundary=b", ""],
    ])
      expect(
        (await user.call("PATCH", PATH, text || undefined, { "content-type": type! })).status,
        text,
      ).toBe(text ? 400 : 200);
  });

  const IMAGE =
    "Upload a valid image. The file you uploaded was either not an image or a corrupted image. JPEG, PNG and WebP are taken.";
  const VIDEO = "Upload a valid video. The file you uploaded was either not an MP4 video or a corrupted one.";
  const DAMAGED = "The file you uploaded is corrupted, or it is not what it begins like.";

  it.each<[string, Record<string, unknown>, object]>([
    ["an empty image", { image: new Uint8Array() }, { image: ["The submitted file is empty."] }],
    ["a script", { image: join("<script>alert(1)</script>") }, { image: [IMAGE] }],
    ["an SVG", { image: join('<svg xmlns="http://www.w3.org/2000/svg"/>') }, { image: [IMAGE] }],
    ["a GIF", { image: gif() }, { image: [IMAGE] }],
    ["a video as an image", { image: clip() }, { image: [IMAGE] }],
    ["an image as a video", { video: jpeg() }, { video: [VIDEO] }],
    ["a WebM", { video: webm() }, { video: [VIDEO] }],
    ["a QuickTime film", { video: video("qt") }, { video: [VIDEO] }],
    ["the head of a JPEG alone", { image: jpeg().slice(0, 20) }, { image: [DAMAGED] }],
    ["a video that is cut off", { video: clip().slice(0, 200) }, { video: [DAMAGED] }],
    ["an image of no size", { image: sized(0, 10) }, { image: [IMAGE] }],
    [
      "an image too large for Telegram",
      { image: sized(6000, 4001) },
      {
        image: [
          "The width and the height of the image must be at most 10000 pixels together: they are 6000 and 4001.",
        ],
      },
    ],
    [
      "an image too long for Telegram",
      { image: sized(2100, 100) },
      {
        image: ["One side of the image must be at most 20 times the other: they are 2100 and 100."],
      },
    ],
    [
      "an image of more than 10 MB",
      { image: join(jpeg(), new Uint8Array(10 * MB)) },
      { image: ["The file must be at most 10 MB."] },
    ],
    [
      "an image and a video",
      { image: jpeg(), video: clip() },
      {
        non_field_errors: ["Send an image or a video: a mailing has one of them."],
      },
    ],
    [
      "two images",
      { image: [jpeg(), png()] },
      {
        image: ["The submitted data was not a file. Check the encoding type on the form."],
      },
    ],
    [
      "words as an image",
      { image: "x" },
      {
        image: ["The submitted data was not a file. Check the encoding type on the form."],
      },
    ],
  ])("%s", async (_name, fields, answer) => {
    const user = await createTelegramUser();
    const { status, body } = await send(user, fields);
    expect([status, body]).toEqual([400, answer]);
    expect((await user.call("GET", PATH)).body).toMatchObject({ text: "", image: null, video: null });
  });

  it("a video of more than 50 MB, and nothing of it is kept", async () => {
    const before = await stored();
    const user = await createTelegramUser();
    const { status, body } = await send(user, { video: clip(50 * MB) });
    expect([status, body]).toEqual([400, { video: ["The file must be at most 50 MB."] }]);
    expect(await stored()).toEqual(before);
  });
});

describe("a text", () => {
  it("is kept as it is, of 4,096 characters at most", async () => {
    const user = await createTelegramUser();
    const text = `  <b>Yuk bor</b>\n\n${"ў".repeat(4070)} 🚚 `;
    expect((await user.call("PATCH", PATH, { text })).body.text).toBe(text);
    expect((await user.call("GET", PATH)).body.text).toBe(text);
    expect((await user.call("PATCH", PATH, {})).body.text).toBe(text);
    expect((await user.call("PATCH", PATH, { text: " \n " })).body.text).toBe("");
  });

  it("has 1,024 characters at most beside an image or a video, whichever comes first", async () => {
    const sentence = {
      text: ["Ensure this field has no more than 1024 characters beside an image or a video."],
    };
    const first = await createTelegramUser();
    await first.call("PATCH", PATH, { text: "x".repeat(1025) });
    expect(await send(first, { image: jpeg() })).toMatchObject({ status: 400, body: sentence });
    expect((await send(first, { image: jpeg(), text: "x".repeat(1024) })).status).toBe(200);
    expect(await first.call("PATCH", PATH, { text: "x".repeat(1025) })).toMatchObject({
      status: 400,
      body: sentence,
    });
    const { status, body } = await first.call("PATCH", PATH, { text: "x".repeat(1025), image: null });
    expect([status, body.image, body.text.length]).toEqual([200, null, 1025]);
  });

  it("is taken from a form of either kind", async () => {
    const user = await createTelegramUser();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await user.call("PATCH", PATH, "text=Yuk+bor", headers)).body.text).toBe("Yuk bor");
    expect((await send(user, { text: "Yuk yo'q" })).body.text).toBe("Yuk yo'q");
  });
});

describe("an image or a video", () => {
  it.each([
    ["a JPEG", "image", jpeg(), "jpg", "image/jpeg", { width: 8, height: 8, duration: 0 }],
    ["a PNG", "image", png(), "png", "image/png", { width: 1, height: 1, duration: 0 }],
    ["a WebP", "image", plainWebp(), "webp", "image/webp", { width: 1, height: 1, duration: 0 }],
    ["an MP4", "video", clip(), "mp4", "video/mp4", { width: 640, height: 360, duration: 12.5 }],
    [
      "an MP4 of 12 MB with its index at the end",
      "video",
      film({ width: 640, height: 360, seconds: 12.5, isIndexLast: true, bytes: 12 * MB }),
      "mp4",
      "video/mp4",
      { width: 640, height: 360, duration: 12.5 },
    ],
  ])(
    "%s is kept under a name that nobody can guess, and is served",
    async (_name, kind, bytes, ending, type, measures) => {
      const user = await createTelegramUser();
      const { status, body } = await send(user, { [kind]: bytes, text: "Yuk bor" });
      expect(status, JSON.stringify(body)).toBe(200);
      const path = body[kind];
      expect(path).toMatch(
        new RegExp(`^/media/mailing/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.${ending}$`),
      );
      expect(body[kind === "image" ? "video" : "image"]).toBeNull();
      const [row] = await rows<{ media: string }>(user, "SELECT media FROM mailing");
      expect(JSON.parse(row!.media)).toEqual({
        key: path.replace("/media/mailing/", "telegram/"),
        ...{ kind, type, size: bytes.length },
        ...measures,
      });

      const whole = await exports.default.fetch(new Request(`https://xabar.test${path}`));
      expect(new Uint8Array(await whole.arrayBuffer())).toEqual(bytes);
      expect(Object.fromEntries(whole.headers)).toMatchObject({
        "content-type": type,
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "cache-control": "public, max-age=31536000, immutable",
        "accept-ranges": "bytes",
      });
      const part = await exports.default.fetch(
        new Request(`https://xabar.test${path}`, { headers: { range: "bytes=2-5" } }),
      );
      expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 2-5/${bytes.length}`]);
      expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(2, 6));
      const head = await exports.default.fetch(new Request(`https://xabar.test${path}`, { method: "HEAD" }));
      expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
        200,
        String(bytes.length),
        "",
      ]);
    },
  );

  it("a new one takes the place of the other kind, and null removes its own kind alone", async () => {
    const user = await createTelegramUser();
    expect((await send(user, { image: jpeg() })).body).toMatchObject({
      image: expect.any(String),
      video: null,
    });
    expect((await user.call("PATCH", PATH, { video: null })).body.image).not.toBeNull();
    expect((await send(user, { video: clip(), image: "" })).body).toMatchObject({
      image: null,
      video: expect.any(String),
    });
    expect((await user.call("PATCH", PATH, { image: null })).body.video).not.toBeNull();
    expect((await user.call("PATCH", PATH, { video: null, image: null })).body).toMatchObject({
      image: null,
      video: null,
    });
    expect((await send(user, { image: png(), video: "" })).body).toMatchObject({
      image: expect.any(String),
      video: null,
    });
    expect((await send(user, { image: "" })).body).toMatchObject({ image: null, video: null });
  });

  it("a choice that a browser left empty changes nothing", async () => {
    const user = await createTelegramUser();
    const { body } = await send(user, { image: jpeg() });
    const form = '--b\r\ncontent-disposition: form-data; name="image"; filename=""\r\n\r\n\r\n--b--';
    const after = await user.call("PATCH", PATH, form, { "content-type": "multipart/form-data; boundary=b" });
    expect([after.status, after.body.image]).toEqual([200, body.image]);
  });
});

describe("files that nothing posts", () => {
  it("go after an hour: the old one, and what was refused", async () => {
    const user = await createTelegramUser();
    const before = await stored();
    const { body: old } = await send(user, { image: jpeg() });
    await send(user, { image: sized(2100, 100) });
    const { body: kept } = await send(user, { image: png() });
    expect((await stored()).length).toBe(before.length + 3);
    vi.useFakeTimers({ now: Date.now() + 3_601_000, toFake: ["Date"] });
    await runDurableObjectAlarm(objectOf(user));
    vi.useRealTimers();
    expect((await stored()).filter((key) => !before.includes(key))).toEqual([
      kept.image.replace("/media/mailing/", "telegram/"),
    ]);
    expect(await call(null, "GET", old.image)).toMatchObject({ status: 404, body: { error: "not_found" } });
    expect((await rows(user, "SELECT key FROM files")).length).toBe(1);
  });

  it("stay while a run that has not ended posts them", async () => {
    const user = await createTelegramUser();
    const { body: old } = await send(user, { image: jpeg() });
    const key = old.image.replace("/media/mailing/", "telegram/");
    await rows(
      user,
      "INSERT INTO runs (started_at, number, planned_at, began_at, text, media) SELECT 1, 0, 1, 1, text, media FROM mailing",
    );
    await user.call("PATCH", PATH, { image: null });
    vi.useFakeTimers({ now: Date.now() + 3_601_000, toFake: ["Date"] });
    const sweep = () =>
      runInDurableObject(objectOf(user), (_object, { storage }) =>
        sweepFiles({
          ...{ user: user.id, ctx: createContext(env, createExecutionContext()), storage, sql: storage.sql },
          wake: async () => {},
          running: {},
        }),
      );
    await sweep();
    expect(await stored()).toContain(key);
    await rows(user, "UPDATE runs SET ended_at = 2");
    await sweep();
    vi.useRealTimers();
    expect(await stored()).not.toContain(key);
  });

  it("are twenty at a time at most", async () => {
    const user = await createTelegramUser();
    const answers = [];
    for (let nth = 0; nth < 21; nth++) answers.push(await send(user, { image: sized(2100, 100) }));
    expect(answers.at(-1)).toMatchObject({
      status: 400,
      body: { image: ["Too many files in an hour. Try again later."] },
    });
  });
});

it("a file that arrives while its user is erased does not stay", async () => {
  const user = await createTelegramUser();
  const before = await stored();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const bytes = clip(6 * MB);
  const head = '--b\r\ncontent-disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n';
  const answer = exports.default.fetch(
    new Request(`https://xabar.test${BASE}/mailing/${user.id}/`, {
      method: "PATCH",
      body: readable,
      headers: { authorization: `tma ${user.initData}`, "content-type": "multipart/form-data; boundary=b" },
    }),
  );
  await writer.write(join(head, bytes.subarray(0, MB)));
  await waitFor(async () => expect(await rows(user, "SELECT key FROM files")).toHaveLength(1));
  const erased = await call(await operatorToken(), "DELETE", `/telegram/users/${user.id}/`);
  expect(erased.status).toBe(204);
  await writer.write(join(bytes.subarray(MB), "\r\n--b--"));
  await writer.close();
  expect((await answer).status).toBe(404);
  expect(await stored()).toEqual(before);
});

it("a text that arrives while its user is erased does not stay", async () => {
  const user = await createTelegramUser();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const answer = exports.default.fetch(
    new Request(`https://xabar.test${BASE}/mailing/${user.id}/`, {
      method: "PATCH",
      body: readable,
      headers: { authorization: `tma ${user.initData}`, "content-type": "application/json" },
    }),
  );
  await writer.write(join('{"text": "Trucks '));
  await writer.write(join("to Tashkent")); // read: so the user has been found
  const erased = await call(await operatorToken(), "DELETE", `/telegram/users/${user.id}/`);
  expect(erased.status).toBe(204);
  await writer.write(join('"}'));
  await writer.close();
  expect((await answer).status).toBe(404);
  expect(await rows(user, "SELECT text FROM mailing")).toEqual([{ text: "" }]);
});

describe("a file that is not there", () => {
  const name = crypto.randomUUID();

  it.each([
    `${name}.jpg`,
    `${name}.exe`,
    `${name}`,
    "x.jpg",
    `..%2f${name}.jpg`,
    `${name}.jpg%00`,
    `${name.toUpperCase()}.jpg`,
  ])("%s is 404", async (path) => {
    expect(await call(null, "GET", `/media/mailing/${path}`)).toMatchObject({
      status: 404,
      body: { error: "not_found" },
    });
  });
});
