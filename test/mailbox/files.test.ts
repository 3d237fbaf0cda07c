import { describe, expect, it } from "vitest";
import type { Outcome, StoredFile } from "../../src/mailbox/contract.ts";
import { bindings, mailboxOf } from "./support/mailbox.ts";
import { insideOf, quietMailbox } from "./support/quiet.ts";
import { createMailbox } from "./support/server.ts";
import { granted, syncedMailbox } from "./support/synced.ts";

/** Bytes of all values, different at each place. */
const bytesOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * 7 + (at >> 16)) & 255);

const base64Lines = (bytes: Uint8Array): string => bytes.toBase64().replace(/.{76}/g, "$&\r\n");

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

interface File {
  headers: string;
  content: string;
}

const base64File = (bytes: Uint8Array, name = "data.bin"): File => ({
  headers: `Content-Type: application/octet-stream; name="${name}"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64`,
  content: base64Lines(bytes),
});

const mailWith = (...files: File[]): string =>
  [
    "From: a@b.example",
    "Subject: files",
    "Content-Type: multipart/mixed; boundary=xx",
    "",
    "--xx",
    "",
    "See the files.",
    ...files.flatMap(({ headers, content }) => ["--xx", headers, "", content]),
    "--xx--",
    "",
  ].join("\r\n");

async function accountWith(...files: File[]) {
  const server = await createMailbox();
  await server.deliver([{ raw: mailWith(...files) }]);
  const account = await syncedMailbox(server);
  const [message] = await account.list("INBOX");
  const file = (number: string): Promise<Outcome<{ file: StoredFile }>> =>
    account.mailbox.file(account.owner, `${account.owner.accountId}-${message!.id}-${number}`);
  return { server, account, id: message!.id, file };
}

async function stored(key: string): Promise<Uint8Array> {
  const object = await bindings.ATTACHMENTS.get(key);
  if (!object) throw new Error(`Nothing is stored as ${key}`);
  return new Uint8Array(await object.arrayBuffer());
}

describe("refusals", () => {
  it("a part that is no file, another mailbox's file and what is no id are NOT_FOUND", async () => {
    const { account, id, file } = await accountWith(base64File(bytesOf(10)));
    const other = await accountWith(base64File(bytesOf(10)));
    const refused = { ok: false, code: "NOT_FOUND" };
    for (const number of ["1", "3", "2.1", ""]) expect(await file(number)).toMatchObject(refused);
    const { mailbox, owner } = account;
    const foreign = `${other.account.owner.accountId}-${other.id}-2`;
    const mixed = `${owner.accountId}-${other.id}-2`;
    for (const key of [foreign, mixed, "", "-", owner.accountId, `${owner.accountId}-u123`, `${id}-2`]) {
      expect(await mailbox.file(owner, key), key).toMatchObject(refused);
    }
  });

  it("a file of a message that was deleted elsewhere is NOT_FOUND", async () => {
    const { server, account, file } = await accountWith(base64File(bytesOf(10)));
    const { mails } = await server.folder();
    await server.expunge(mails.map(({ uid }) => uid));
    await account.sync();
    expect(await file("2")).toMatchObject({ ok: false, code: "NOT_FOUND" });
  });
});

describe("a file", () => {
  it.each([0, 1, 57, 5 << 20, (5 << 20) + 1, 12_345_678])(
    "of %i bytes comes into the bucket byte for byte, and its size is exact then",
    async (length) => {
      const bytes = bytesOf(length);
      const { account, id, file } = await accountWith(base64File(bytes));
      const answer = granted(await file("2"));
      expect(answer.file).toEqual({
        key: `mail/${account.owner.accountId}/${id}/2`,
        filename: "data.bin",
        mimeType: "application/octet-stream",
        size: length,
      });
      expect(isSame(await stored(answer.file.key), bytes)).toBe(true);
      expect((await account.read(id)).attachments).toMatchObject([{ size: length }]);
    },
  );

  it("is decoded by its own encoding, and line ends stay as they are", async () => {
    const csv = "a;b\r\n1;=\r\n";
    const { file } = await accountWith(
      {
        headers: "Content-Type: text/csv; name=a.csv\r\nContent-Disposition: attachment",
        content: "a;b\r\n1;=",
      },
      {
        headers:
          "Content-Type: text/csv; name=b.csv\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: quoted-printable",
        content: "a;b=0D=0A1;=3D=0D=0A",
      },
      {
        headers: "Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=mail.eml",
        content: "From: x@y.example\r\nSubject: inner\r\n\r\nText",
      },
    );
    const text = async (number: string) => {
      const answer = granted(await file(number));
      return new TextDecoder().decode(await stored(answer.file.key));
    };
    expect(await text("2")).toBe("a;b\r\n1;=");
    expect(await text("3")).toBe(csv);
    expect(await text("4")).toBe("From: x@y.example\r\nSubject: inner\r\n\r\nText");
  });

  it("is fetched once, however many ask at the same time, and not again later", async () => {
    const { server, file } = await accountWith(base64File(bytesOf(100_000)));
    const answers = await Promise.all([file("2"), file("2"), file("2")]);
    answers.push(await file("2"));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const fetched = (await server.connections())
      .flatMap(({ commands }) => commands)
      .filter((command) => command.includes("BODY.PEEK[2]"));
    expect(fetched).toHaveLength(1);
  });

  it("is not there at all if the connection is lost halfway; the next try stores it whole", async () => {
    const bytes = bytesOf(8 << 20);
    const { server, account, id, file } = await accountWith(base64File(bytes));
    // By then one part of the upload is in the bucket.
    await server.plan({ protocol: "imap", on: "UID FETCH", skip: 35, cutAfter: 1000, finally: "close" });
    expect(await file("2")).toMatchObject({ ok: false, code: "CONNECTION_FAILED" });
    expect(await bindings.ATTACHMENTS.head(`mail/${account.owner.accountId}/${id}/2`)).toBeNull();
    const answer = granted(await file("2"));
    expect(answer.file.size).toBe(bytes.length);
    expect(isSame(await stored(answer.file.key), bytes)).toBe(true);
  });

  it("that was removed from the bucket is stored again", async () => {
    const { file } = await accountWith(base64File(bytesOf(1000)));
    const { key } = granted(await file("2")).file;
    await bindings.ATTACHMENTS.delete(key);
    await file("2");
    expect(await stored(key)).toHaveLength(1000);
  });
});

describe("an upload", () => {
  it("is its row", async () => {
    const owner = await quietMailbox();
    const id = `${owner.accountId}-uabc`;
    await insideOf(owner, (ctx) =>
      ctx.sql.exec(
        "INSERT INTO uploads (id, key, filename, mime_type, size, created_at) VALUES (?, 'k', 'a.txt', 'text/plain', 3, 0)",
        id,
      ),
    );
    expect(await mailboxOf(owner).file(owner, id)).toMatchObject({
      ok: true,
      file: { key: "k", filename: "a.txt", mimeType: "text/plain", size: 3 },
    });
  });
});
