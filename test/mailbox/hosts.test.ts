import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { canonicalHost, isAddress, isPublicAddress } from "../../src/mailbox/net/addresses.ts";
import { checkHost, isMailHost } from "../../src/mailbox/net/hosts.ts";
import { newDomain, putRecords } from "./support/internet.ts";
import { bindings } from "./support/mailbox.ts";

// Wrangler writes NODE_ENV into the bundle. Tests run the sources, so here it can be set.
declare const process: { env: Record<string, string | undefined> };
afterEach(() => {
  process.env.NODE_ENV = "test";
});

const isAllowed = (hostname: string, port = 993) => isMailHost({}, { hostname, port });

/** An address of four bytes, as each disguise that resolvers and browsers know. */
function disguisesOf(bytes: number[]): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  const number = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number) => value.toString(16);
  const v6 = `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
  return [
    bytes.join("."),
    `${bytes.join(".")}.`,
    String(number),
    `0x${hex(number)}`,
    `0${number.toString(8)}`,
    bytes.map((byte) => `0x${hex(byte)}`).join("."),
    bytes.map((byte) => `0${byte.toString(8)}`).join("."),
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    bytes.join("。"),
    `::ffff:${bytes.join(".")}`,
    `[::ffff:${v6}]`,
    `0:0:0:0:0:ffff:${v6}`,
    `64:ff9b::${v6}`,
    `64:ff9b:1::${v6}`,
    `2002:${v6}::1`,
    `::${v6}`,
    `2001:0:${v6}::`,
  ];
}

const PRIVATE = [
  [0, 0, 0, 0],
  [10, 1, 2, 3],
  [100, 64, 0, 1],
  [100, 100, 100, 200],
  [127, 0, 0, 1],
  [127, 9, 9, 9],
  [168, 63, 129, 16],
  [169, 254, 169, 254],
  [172, 16, 0, 1],
  [172, 31, 255, 255],
  [192, 0, 0, 8],
  [192, 0, 2, 1],
  [192, 168, 255, 1],
  [198, 19, 0, 1],
  [198, 51, 100, 7],
  [203, 0, 113, 7],
  [224, 0, 0, 251],
  [255, 255, 255, 255],
];

describe("refusals by name", () => {
  test.each(PRIVATE.map((bytes) => [bytes.join(".")]))("%s in every disguise", (dotted) => {
    for (const host of disguisesOf(dotted.split(".").map(Number))) {
      expect(isAllowed(host), host).toBe(false);
      // After settings are stored, hosts are in their one form.
      expect(isAllowed(canonicalHost(host) ?? host), `${host} in its one form`).toBe(false);
    }
  });

  test.each([
    ["::"],
    ["::1"],
    ["[::1]"],
    ["fe80::1"],
    ["fe80::1%eth0"],
    ["fc00::1"],
    ["fd00:ec2::254"],
    ["ff02::1"],
    ["2001:db8::1"],
    ["3fff::1"],
    ["2001:10::1"],
    ["5f00::1"],
    ["localhost"],
    ["LOCALHOST"],
    ["mail.localhost"],
    ["mail"],
    ["metadata.google.internal"],
    ["printer.local"],
    ["nas.lan"],
    ["router.home.arpa"],
    ["1.0.0.127.in-addr.arpa"],
    ["abc.onion"],
    ["mail.example.com."],
    [".example.com"],
    ["mail..example.com"],
    ["mail.example.com/.."],
    ["user@mail.example.com"],
    ["mail.example.com:25"],
    ["mail.example.com#"],
    ["mail.example.com\r\n"],
    ["mail.exam\u00adple.com"],
    ["ｍail.example.com"],
    ["Mail.Example.com"],
    ["1.2.3"],
    ["0x7f.1"],
    ["a.0x1"],
    [""],
    ["."],
    [`${"a".repeat(64)}.example.com`],
    [`${"a.".repeat(130)}com`],
  ])("%j", (host) => expect(isAllowed(host)).toBe(false));

  test.each([[22], [25], [80], [6379], [0], [-1], [65_536], [993.5]])("port %d", (port) =>
    expect(isAllowed("imap.gmail.com", port)).toBe(false),
  );

  test("port 25 stays closed, also when the operator names it", () => {
    const server = { hostname: "imap.gmail.com", port: 25 };
    expect(isMailHost({ MAIL_PORTS: "25,1143" }, server)).toBe(false);
    expect(isMailHost({ MAIL_PORTS: "25,1143" }, { ...server, port: 1143 })).toBe(true);
  });
});

test("servers of the public internet are let through", () => {
  for (const host of [
    "imap.gmail.com",
    "xn--e1aybc.xn--p1ai",
    "8.8.8.8",
    "a_b.mail.uz",
    "imap.4.example.com",
  ]) {
    expect(isAllowed(host), host).toBe(true);
  }
  expect(isPublicAddress("2606:4700:4700::1111")).toBe(true);
  expect(isAllowed("smtp.mail.ru", 465)).toBe(true);
});

describe("for any text", () => {
  const byte = fc.integer({ min: 0, max: 255 });

  test("an address is public or not in whatever form it is written, and only its one form is let through", () => {
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), (bytes) => {
        const dotted = bytes.join(".");
        for (const host of disguisesOf(bytes).slice(0, 10)) {
          expect(canonicalHost(host), host).toBe(dotted);
          if (host !== dotted) expect(isAllowed(host), host).toBe(false);
        }
        for (const host of disguisesOf(bytes).slice(10)) expect(isPublicAddress(host), host).toBe(false);
        expect(isAllowed(dotted)).toBe(isPublicAddress(dotted));
      }),
      { numRuns: 500 },
    );
  });

  test("what is let through is what a browser would connect to", () => {
    const host = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.domain(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc
        .array(fc.constantFrom("0x7f", "1", "127", "a", "com", ".", "-", "%2e", "@", "[", ":", "::", "。"), {
          maxLength: 8,
        })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(host, (text) => {
        if (!isAllowed(text)) return;
        const url = new URL(`imap://${text}:993/`);
        expect(new URL(`http://${text}/`).hostname).toBe(text);
        expect([url.hostname, url.port, url.username]).toEqual([text, "993", ""]);
        if (isAddress(text)) expect(isPublicAddress(text)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });
});

describe("before a connection", () => {
  const env = bindings;
  const outcomeOf = async (hostname: string, port = 993, changes: Partial<typeof bindings> = {}) => {
    const started = performance.now();
    const error = await checkHost({ ...env, ...changes }, { hostname, port }).catch((reason) => reason);
    const ms = performance.now() - started;
    if (error === undefined) return { code: "let through", ms };
    return { code: error.code, message: error.message, cause: error.cause, ms };
  };
  const REFUSED = {
    code: "CONNECTION_FAILED",
    message: "The mail server cannot be reached",
    cause: undefined,
  };

  test("a refused host is told as one that cannot be reached, without a reason, and no faster", async () => {
    for (const host of ["127.0.0.1", "mail.internal", "[::1]", "one", `imap.${newDomain()}`]) {
      const { ms, ...outcome } = await outcomeOf(host);
      expect(outcome, host).toEqual(REFUSED);
      expect(ms, host).toBeGreaterThanOrEqual(18);
    }
  });

  test.each([
    ["public addresses alone", { A: ["8.8.8.8"], AAAA: ["2606:4700::1111"] }, "let through"],
    ["IPv6 alone", { AAAA: ["2606:4700::1111"] }, "let through"],
    ["a private address", { A: ["192.168.1.1"] }, "CONNECTION_FAILED"],
    ["a private address beside a public one", { A: ["8.8.8.8", "127.0.0.1"] }, "CONNECTION_FAILED"],
    ["a mapped address", { AAAA: ["::ffff:8.8.8.8"] }, "CONNECTION_FAILED"],
    ["an answer that is no address", { A: ["localhost."] }, "CONNECTION_FAILED"],
    ["no address", {}, "CONNECTION_FAILED"],
    ["a resolver that fails for one kind", { A: ["8.8.8.8"], AAAA: "broken" as const }, "CONNECTION_FAILED"],
  ])("a name with %s", async (_, records, code) => {
    const host = `imap.${newDomain()}`;
    await putRecords({ [host]: records });
    expect(await outcomeOf(host)).toMatchObject({ code });
  });

  test("a resolver that cannot be asked opens no door, and shuts none that is open without it", async () => {
    const DNS_URL = "https://nowhere.test/";
    expect(await outcomeOf("imap.gmail.com", 993, { DNS_URL })).toMatchObject(REFUSED);
    expect(await outcomeOf("localhost", 1143, { DNS_URL })).toMatchObject({ code: "let through" });
    expect(await outcomeOf("8.8.8.8", 993, { DNS_URL })).toMatchObject({ code: "let through" });
  });

  test("a developer's hosts are let through by name and port, and in no production", async () => {
    const allowed = { MAIL_LOCAL_HOSTS: "localhost:1143, 127.0.0.1:*" };
    expect(await outcomeOf("localhost", 1143, allowed)).toMatchObject({ code: "let through" });
    expect(await outcomeOf("127.0.0.1", 25, allowed)).toMatchObject({ code: "let through" });
    expect(await outcomeOf("localhost", 1144, allowed)).toMatchObject(REFUSED);
    for (const place of ["production", undefined, "staging"]) {
      process.env.NODE_ENV = place;
      expect(await outcomeOf("localhost", 1143, allowed), place).toMatchObject(REFUSED);
      expect(await outcomeOf("127.0.0.1", 993, allowed), place).toMatchObject(REFUSED);
    }
  });
});
