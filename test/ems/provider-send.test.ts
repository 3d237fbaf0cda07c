import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import type {
  MailProvider,
  OutgoingAttachment,
  OutgoingMail,
  ProviderMessage,
} from "../../src/ems/provider/port.ts";
import { unique } from "../support/client.ts";
import { control, createGrant, receiveMail, storedMail } from "../support/nylas.ts";
import { waitFor } from "../support/wait.ts";

const MB = 1024 * 1024;
/** A file that makes a mail too large for JSON: just above the 2.5 MB of base64 up to which that goes. */
const LARGE = 1_900_000;

let provider: MailProvider;
let grant: string;

beforeAll(async () => {
  provider = createContext(env, { waitUntil: () => {} }).providerOf({ grant_id: null });
  grant = await newGrant();
});

afterEach(() => vi.restoreAllMocks());

const newGrant = async (kind = "google") => (await createGrant(`box${unique()}@demo.example`, kind)).id;

const mail = (more: Partial<OutgoingMail> = {}): OutgoingMail => ({
  from: { name: "Support", email: "box@demo.example" },
  to: [{ name: null, email: "john@customer.example" }],
  cc: [],
  bcc: [],
  subject: `Mail ${unique()}`,
  html: "<p>Thanks!</p>",
  attachments: [],
  marker: crypto.randomUUID(),
  ...more,
});

const key = () => crypto.randomUUID();

/** Bytes that depend on their position. */
function bytes(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(size);
  for (let n = 0; n < size; n++) made[n] = n * 31 + seed + (n >> 8);
  return made;
}

const file = (content: Uint8Array, more: Partial<OutgoingAttachment> = {}): OutgoingAttachment => ({
  filename: "plan.bin",
  content_type: "application/pdf",
  size_bytes: content.byteLength,
  content_id: null,
  open: async () => new Response(content).body as ReadableStream<Uint8Array>,
  ...more,
});

const sha256 = async (data: ArrayBuffer | Uint8Array<ArrayBuffer>) =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", data))].join();

const download = async (message: ProviderMessage, at = 0, of = grant): Promise<Uint8Array> => {
  const found = await provider.download(of, message.id, message.attachments?.[at]?.id ?? "");
  return new Uint8Array(await new Response(found?.body).arrayBuffer());
};

const sentCount = async (subject: string, of = grant) =>
  (await storedMail(of)).filter((message) => message.subject === subject).length;

const fault = (kind: string, of = grant, more = {}) =>
  control("POST", "/__sim/fault", { route: `POST /v3/grants/${of}/messages/send`, kind, ...more });

/** Records outgoing requests without changing them. */
const watchRequests = () => {
  const spy = vi.spyOn(globalThis, "fetch");
  return () =>
    spy.mock.calls
      .filter(([url]) => String(url).includes("/messages/send"))
      .map(([, init]) => String(new Headers(init?.headers).get("content-type")).split(";")[0]);
};

/** Responds in place of the stand-in. */
const answerWith = (answer: (init: RequestInit) => Response | Promise<Response>) =>
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => answer(init as RequestInit));

const { setTimeout: wait } = globalThis;
/** Shortens every deadline. */
const hurry = (ms: number) =>
  vi
    .spyOn(globalThis, "setTimeout")
    .mockImplementation(((run: () => void, after = 0) => wait(run, after >= 20_000 ? ms : after)) as never);

const failure = (sending: Promise<unknown>) =>
  sending.then(
    () => null,
    (error) => ({ fault: error.fault, message: error.message, retryAfterSeconds: error.retryAfterSeconds }),
  );

describe("a failed send states its outcome", () => {
  it.each([
    ["500", "unknown"],
    ["502html", "unknown"],
    ["503", "unknown"],
    ["504", "unknown"],
    ["reset", "unknown"],
    ["hang", "unknown"],
    ["504-after", "unknown"],
    ["reset-after", "unknown"],
    ["cut-body", "unknown"],
    ["hang-body", "unknown"],
    ["429", "rate_limited"],
    ["429-provider", "rate_limited"],
    ["401", "grant_dead"],
    ["401-burst", "grant_dead"],
    ["404-once", "not_found"],
  ])("%s is %s, as JSON and as multipart", async (kind, expected) => {
    const own = await newGrant();
    for (const attachments of [[], [file(bytes(LARGE))]]) {
      if (kind.startsWith("hang")) hurry(700);
      await fault(kind, own, kind.startsWith("hang") ? { hangMs: 1500 } : {});
      const failed = await failure(provider.send(own, mail({ attachments }), key()));
      expect(failed).toMatchObject({
        fault: expected,
        retryAfterSeconds: kind === "429-provider" ? 1 : null,
      });
      expect(failed?.message).toMatch(/^[^<>\n]{1,200}$/);
    }
  });

  it.each(["slow-body", "latency"])("%s is a success", async (kind) => {
    await fault(kind);
    expect(await provider.send(grant, mail(), key())).toHaveProperty("id");
  });

  const nylas = (type: string, message = "No <b>way</b>") => ({ request_id: "1", error: { type, message } });
  it.each<[number, unknown, string]>([
    [400, nylas("invalid_request_error"), "refused"],
    [402, nylas("provider_error", "Message content rejected"), "refused"],
    [403, nylas("insufficient_scopes"), "refused"],
    [413, nylas("invalid_request_error"), "refused"],
    [422, nylas("provider_error"), "refused"],
    [413, "<html>Request Entity Too Large</html>", "refused"],
    [429, "<html>Too Many Requests</html>", "rate_limited"],
    [404, nylas("grant.not_found"), "not_found"],
    [409, nylas("api.concurrent_idempotent_request"), "in_progress"],
    [409, nylas("api.invalid_idempotent_request"), "unknown"],
    [402, nylas("provider_error", "Sending to at least one recipient failed."), "unknown"],
    [423, nylas("api.resource_blocked"), "unknown"],
    [400, "<html>Bad Request</html>", "unknown"],
    [401, "<html>Who are you?</html>", "unknown"],
    [403, { message: "Forbidden" }, "unknown"],
    [404, "", "unknown"],
    [307, "", "unknown"],
    [200, "<html>Sent, I think</html>", "unknown"],
    [200, { data: {} }, "unknown"],
  ])("%i with %j is %s", async (status, body, expected) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    answerWith(() => new Response(text, { status }));
    const failed = await failure(provider.send(grant, mail(), key()));
    expect(failed?.fault).toBe(expected);
    expect(failed?.message).toMatch(/^[^<>\n]{1,200}$/);
  });

  it("a reply to a mail outside the mailbox is not_found", async () => {
    const failed = await failure(provider.send(grant, mail({ reply_to_message_id: "nothing" }), key()));
    expect(failed?.fault).toBe("not_found");
  });

  it("a key reused for another mail is unknown: the other may have been sent", async () => {
    const used = key();
    await provider.send(grant, mail(), used);
    expect((await failure(provider.send(grant, mail(), used)))?.fault).toBe("unknown");
  });

  it("the same mail while it is being sent is in_progress", async () => {
    const own = await newGrant();
    const [once, same] = [mail(), key()];
    await fault("hang", own, { hangMs: 1000 });
    const first = provider.send(own, once, same);
    await waitFor(async () => {
      expect((await failure(provider.send(own, once, same)))?.fault).toBe("in_progress");
    });
    await first;
    expect(await sentCount(once.subject, own)).toBe(1);
  });

  it("success with a truncated request is unknown", async () => {
    hurry(500);
    answerWith(() => Response.json({ data: { id: "early" } }));
    const failed = await failure(provider.send(grant, mail({ attachments: [file(bytes(LARGE))] }), key()));
    expect(failed?.fault).toBe("unknown");
  });

  it("an early refusal of a multipart counts, although not all was written", async () => {
    answerWith(() => Response.json(nylas("invalid_request_error"), { status: 413 }));
    const failed = await failure(provider.send(grant, mail({ attachments: [file(bytes(LARGE))] }), key()));
    expect(failed?.fault).toBe("refused");
  });
});

describe("a file of another length than declared is unreadable, and nothing is sent", () => {
  const small = bytes(1000);
  const large = bytes(LARGE);
  const broken = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(small);
        controller.error(new Error("R2 is away"));
      },
    });
  it.each<[string, OutgoingAttachment[]]>([
    ["one byte short, as JSON", [file(small, { size_bytes: 1001 })]],
    ["one byte long, as JSON", [file(small, { size_bytes: 999 })]],
    ["one byte short", [file(large, { size_bytes: large.length + 1 })]],
    ["one byte long", [file(large, { size_bytes: large.length - 1 })]],
    ["one byte short, before another", [file(large, { size_bytes: large.length + 1 }), file(small)]],
    ["one byte long, after another", [file(large), file(small, { size_bytes: 999 })]],
    ["empty", [file(large), file(new Uint8Array(), { size_bytes: 1 })]],
    ["gone", [file(large), file(small, { open: () => Promise.reject(new Error("no such object")) })]],
    ["broken off, as JSON", [file(small, { open: async () => broken() })]],
    ["broken off", [file(large, { open: async () => broken() })]],
  ])("%s", async (_, attachments) => {
    const own = await newGrant();
    const refused = mail({ attachments });
    expect(await failure(provider.send(own, refused, key()))).toEqual({
      fault: "unreadable",
      message: "an attached file could not be read whole",
      retryAfterSeconds: null,
    });
    expect(await sentCount(refused.subject, own)).toBe(0);
  });

  it("a file that stalls fails at the deadline, and is released", async () => {
    for (const size_bytes of [1000, LARGE]) {
      hurry(300);
      const cancelled = Promise.withResolvers<void>();
      const stalled = new ReadableStream<Uint8Array>({ cancel: () => cancelled.resolve() });
      const stuck = mail({ attachments: [file(small, { size_bytes, open: async () => stalled })] });
      expect((await failure(provider.send(grant, stuck, key())))?.fault).toBe("unknown");
      await cancelled.promise;
      expect(await sentCount(stuck.subject)).toBe(0);
    }
  });
});

describe("a sent mail", () => {
  it("without files is sent as JSON with every field", async () => {
    const types = watchRequests();
    const request = mail({
      to: [{ name: "Жон", email: "john@customer.example" }],
      cc: [{ name: null, email: "cc@customer.example" }],
      bcc: [{ name: null, email: "bcc@customer.example" }],
      html: "<p>Ассалому алайкум 👋</p>",
    });
    const answer = await provider.send(grant, request, key());
    expect(answer).toMatchObject({
      subject: request.subject,
      body: request.html,
      internet_message_id: expect.stringMatching(/^<.+@.+>$/),
      attachments: [],
    });
    expect(types()).toEqual(["application/json"]);
    const stored = (await storedMail(grant)).find(({ id }) => id === answer.id);
    expect(stored).toMatchObject({
      from: [{ name: "Support", email: "box@demo.example" }],
      to: [{ name: "Жон", email: "john@customer.example" }],
      cc: [{ email: "cc@customer.example" }],
      bcc: [{ email: "bcc@customer.example" }],
      body: request.html,
    });
    expect(stored?.headers).toContainEqual({ name: "X-Xabar-Id", value: request.marker });
  });

  it("has a References chain for an original in another mailbox", async () => {
    const references = ["<first@out.example>", "<second@out.example>"];
    const { id } = await provider.send(grant, mail({ references }), key());
    const stored = (await storedMail(grant)).find((message) => message.id === id);
    expect(stored?.headers).toContainEqual({ name: "In-Reply-To", value: "<second@out.example>" });
    expect(stored?.headers).toContainEqual({ name: "References", value: references.join(" ") });
  });

  it("has only the original's id for an original in the same mailbox", async () => {
    const original = await provider.send(grant, mail(), key());
    const reply = mail({ reply_to_message_id: original.id, references: ["<other@out.example>"] });
    const answer = await provider.send(grant, reply, key());
    expect(answer.thread_id).toBe(original.thread_id);
    expect(answer.references).toEqual([original.internet_message_id]);
  });

  it("a small file is sent as JSON and arrives byte for byte", async () => {
    const types = watchRequests();
    const content = bytes(70_000);
    const answer = await provider.send(grant, mail({ attachments: [file(content)] }), key());
    expect(types()).toEqual(["application/json"]);
    expect(answer.attachments).toMatchObject([
      { filename: "plan.bin", content_type: "application/pdf", size_bytes: 70_000, content_id: null },
    ]);
    expect(await download(answer)).toEqual(content);
  });

  it.each([
    ["2.4 MB of base64 go as JSON", 1_800_000, "application/json"],
    ["2.5 MB of base64 as multipart", 1_875_000, "multipart/form-data"],
  ])("%s", async (_, size, type) => {
    const types = watchRequests();
    const content = bytes(size);
    const answer = await provider.send(grant, mail({ attachments: [file(content)] }), key());
    expect(types()).toEqual([type]);
    expect(await sha256((await download(answer)) as Uint8Array<ArrayBuffer>)).toBe(await sha256(content));
  });

  it("a text of 3 MB is sent as multipart too", async () => {
    const request = mail({ html: "ў".repeat(1.5 * MB) });
    const { body } = await provider.send(grant, request, key());
    expect(body).toBe(request.html);
  });

  it("24 MB in several files arrive byte for byte", async () => {
    const contents = [1, 2, 3].map((seed) => bytes(8 * MB, seed));
    const attachments = contents.map((content, n) => file(content, { filename: `${n}.bin` }));
    const answer = await provider.send(grant, mail({ attachments }), key());
    expect(answer.attachments).toHaveLength(3);
    for (const [n, content] of contents.entries()) {
      expect(await sha256((await download(answer, n)) as Uint8Array<ArrayBuffer>)).toBe(
        await sha256(content),
      );
    }
  });

  it("files are read one after the other, no faster than they are sent", async () => {
    const chunk = 64 * 1024;
    const chunks = 128;
    let pulled = 0;
    let open = 0;
    let mostOpen = 0;
    const lazy = () => {
      let left = chunks;
      mostOpen = Math.max(mostOpen, ++open);
      return new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            if (left-- > 0) {
              pulled += chunk;
              return controller.enqueue(new Uint8Array(chunk));
            }
            open--;
            controller.close();
          },
        },
        { highWaterMark: 0 },
      );
    };
    const attachments = [1, 2, 3].map(() =>
      file(new Uint8Array(), { size_bytes: chunk * chunks, open: async () => lazy() }),
    );
    let ahead = 0;
    let taken = 0;
    let reads = 0;
    answerWith(async ({ body }) => {
      const reader = (body as ReadableStream<Uint8Array>).getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        taken += next.value.byteLength;
        if (reads++ % 100 === 0) await scheduler.wait(1);
        ahead = Math.max(ahead, pulled - taken);
      }
      return Response.json({ data: { id: "lazy" } });
    });
    expect((await provider.send(grant, mail({ attachments }), key())).id).toBe("lazy");
    expect(taken).toBeGreaterThan(24 * MB);
    expect(ahead).toBeLessThanOrEqual(2 * chunk);
    expect({ open, mostOpen }).toEqual({ open: 0, mostOpen: 1 });
  });

  const names = [
    'a "quoted" name.txt',
    "two\r\nlines\n.txt",
    "ҳисоб-фактура №1 «янги».pdf",
    "100%.txt",
    "back\\slash",
  ];
  it.each(["JSON", "multipart"])("keeps the names of files, as %s", async (form) => {
    const attachments = names.map((filename) => file(bytes(10), { filename }));
    if (form === "multipart") attachments.push(file(bytes(LARGE), { filename: "large" }));
    const { id } = await provider.send(grant, mail({ attachments }), key());
    const stored = (await storedMail(grant)).find((message) => message.id === id);
    const files = stored?.attachments as { filename: string }[];
    expect(files.slice(0, names.length).map(({ filename }) => filename)).toEqual(names);
  });

  it.each(["JSON", "multipart"])("replaces invalid file types, as %s", async (form) => {
    const given = ["text/plain; charset=utf-8", "image/svg+xml", "", "text", 'a/b\r\nX-Evil: "1"', "<b>/x"];
    const attachments = given.map((content_type) => file(bytes(10), { content_type }));
    if (form === "multipart") attachments.push(file(bytes(LARGE)));
    const answer = await provider.send(grant, mail({ attachments }), key());
    const unknown = "application/octet-stream";
    expect(answer.attachments?.slice(0, given.length).map(({ content_type }) => content_type)).toEqual([
      ...["text/plain", "image/svg+xml", unknown, unknown, unknown, unknown],
    ]);
  });

  it.each([
    ["JSON", 1000],
    ["multipart", LARGE],
  ])("shows an image by its content id, as %s", async (_, size) => {
    const logo = file(bytes(size), { filename: "logo.png", content_type: "image/png", content_id: "logo@x" });
    const request = mail({ html: '<img src="cid:logo@x">', attachments: [logo] });
    const { id } = await provider.send(grant, request, key());
    const stored = (await storedMail(grant)).find((message) => message.id === id);
    expect(stored?.attachments).toMatchObject([{ content_id: "logo@x", is_inline: true }]);
  });

  it("keeps a file or message whose name equals another's content id", async () => {
    const attachments = ["message", "twice", "twice", null, "file3"].map((content_id, n) =>
      file(bytes(600_000, n), { content_id, filename: `${n}` }),
    );
    const request = mail({ attachments });
    const answer = await provider.send(grant, request, key());
    expect(answer.subject).toBe(request.subject);
    expect(answer.attachments?.map(({ filename }) => filename)).toEqual(["0", "1", "2", "3", "4"]);
  });
});

describe("the same key twice", () => {
  it.each([
    ["JSON", 1000],
    ["multipart", LARGE],
  ])("sends one mail, as %s", async (_, size) => {
    const [request, same] = [mail({ attachments: [file(bytes(size))] }), key()];
    const first = await provider.send(grant, request, same);
    expect(await provider.send(grant, request, same)).toEqual(first);
    expect(await sentCount(request.subject)).toBe(1);
  });

  it.each(["504-after", "reset-after", "cut-body"])("after %s tells what the first one did", async (kind) => {
    const [request, same] = [mail({ attachments: [file(bytes(LARGE))] }), key()];
    await fault(kind);
    expect((await failure(provider.send(grant, request, same)))?.fault).toBe("unknown");
    const { id } = await provider.send(grant, request, same);
    expect((await storedMail(grant)).filter(({ subject }) => subject === request.subject)).toMatchObject([
      { id },
    ]);
  });

  it.each([
    ["JSON", 1000],
    ["multipart", LARGE],
  ])("is the same request byte for byte, as %s", async (_, size) => {
    const requests: string[] = [];
    answerWith(async ({ headers, body }) => {
      requests.push(JSON.stringify(headers) + (await sha256(await new Response(body).arrayBuffer())));
      return Response.json({ data: { id: "same" } });
    });
    const [request, same] = [mail({ attachments: [file(bytes(size))] }), key()];
    await provider.send(grant, request, same);
    await provider.send(grant, request, same);
    expect(requests[1]).toBe(requests[0]);
  });
});

describe("a search by marker", () => {
  const now = () => Math.floor(Date.now() / 1000);
  const around = (marker: string) => ({ marker, after: now() - 60, before: now() + 60 });
  const search = (kind: string, of: string, times = 1) =>
    control("POST", "/__sim/fault", { route: `GET /v3/grants/${of}/messages`, kind, times });

  it("does not find a mail that was never sent, not then, or from another mailbox", async () => {
    const request = mail();
    await provider.send(grant, request, key());
    const { marker } = request;
    expect(await provider.findSent(grant, around(crypto.randomUUID()))).toBeNull();
    expect(await provider.findSent(grant, { marker, after: now() - 600, before: now() - 300 })).toBeNull();
    expect(await provider.findSent(await newGrant(), around(marker))).toBeNull();
  });

  it.each([
    ["500", "unknown"],
    ["401", "grant_dead"],
    ["429", "rate_limited"],
    ["404-once", "not_found"],
  ])("while the provider responds %s is %s", async (kind, expected) => {
    await search(kind, grant);
    expect((await failure(provider.findSent(grant, around("x"))))?.fault).toBe(expected);
  });

  it("among too many mails is unknown", async () => {
    const spy = answerWith(() => Response.json({ data: [{ id: "other" }], next_cursor: "on" }));
    expect((await failure(provider.findSent(grant, around("x"))))?.fault).toBe("unknown");
    expect(spy).toHaveBeenCalledTimes(20);
  });

  it.each(
    ["google", "microsoft", "imap"].flatMap((kind) => [
      [kind, "JSON", 0],
      [kind, "multipart", LARGE],
    ]) as [string, string, number][],
  )("is found on %s, sent as %s", async (kind, _, size) => {
    const own = await newGrant(kind);
    const request = mail({ attachments: size ? [file(bytes(size))] : [] });
    const { id, internet_message_id } = await provider.send(own, request, key());
    expect(await provider.findSent(own, around(request.marker))).toMatchObject({
      id,
      internet_message_id,
      subject: request.subject,
    });
  });

  it("finds a mail to oneself as sent, not as received", async () => {
    const email = `box${unique()}@demo.example`;
    const own = await createGrant(email);
    const request = mail({ to: [{ name: null, email }] });
    const { id } = await provider.send(own.id, request, key());
    expect(await storedMail(own.id)).toHaveLength(2);
    expect((await provider.findSent(own.id, around(request.marker)))?.id).toBe(id);
  });

  it("finds a mail without a response, at the bounds of the range, and on later pages", async () => {
    const email = `box${unique()}@demo.example`;
    const own = await createGrant(email);
    const request = mail();
    await fault("reset-after", own.id);
    expect((await failure(provider.send(own.id, request, key())))?.fault).toBe("unknown");
    const [sent] = (await storedMail(own.id)) as { id: string; date: number }[];
    for (let n = 0; n < 3; n++) {
      await receiveMail({
        from: { email: "c@out.example" },
        to: [{ email }],
        subject: "Later",
        silent: true,
      });
    }
    await search("short-page", own.id, 2);
    const at = { marker: request.marker, after: sent?.date ?? 0, before: now() };
    expect((await provider.findSent(own.id, at))?.id).toBe(sent?.id);
  });
});
