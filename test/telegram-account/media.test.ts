import { describe, expect, it } from "vitest";
import { bindings, inside } from "./support/account.ts";
import { memberOf, newFile, newPost, png, postsIn, video } from "./support/groups.ts";
import { ask, standIn } from "./support/stand-in.ts";

const expireFiles = (phone: string) => ask<object>("POST", `/phones/${phone}/expire-files`);

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

describe("a post with a file is refused", () => {
  it("as content if the file is gone", async () => {
    const { account, caller, groups } = await memberOf({});
    const media = await newFile(png(640, 480));
    await bindings.ATTACHMENTS.delete(media.key);
    const outcome = await account.send(caller, newPost(groups[0]!, { media }));
    expect(outcome).toEqual({ ok: false, code: "content", reason: "file_is_gone" });
  });

  it.each<[string, Uint8Array]>([
    ["photo_invalid_dimensions", png(9_999, 2)],
    ["image_process_failed", new Uint8Array(100)],
  ])("as content, which Telegram takes from nobody: %s", async (reason, bytes) => {
    const { account, caller, groups } = await memberOf({});
    const outcome = await account.send(caller, newPost(groups[0]!, { media: await newFile(bytes) }));
    expect(outcome).toEqual({ ok: false, code: "content", reason });
    expect(await postsIn(groups[0]!.peer)).toEqual([]);
  });

  it("as content if its text is too long beside it", async () => {
    const { account, caller, groups } = await memberOf({});
    const post = newPost(groups[0]!, { media: await newFile(png(640, 480)), text: "y".repeat(1025) });
    const outcome = await account.send(caller, post);
    expect(outcome).toEqual({ ok: false, code: "content", reason: "media_caption_too_long" });
  });

  it("with Telegram's wait, and as unavailable if Telegram breaks down before it is posted", async () => {
    const { account, caller, phone, groups } = await memberOf({});
    const post = newPost(groups[0]!, { media: await newFile(png(640, 480)) });
    const part = { phone, method: "upload.saveFilePart" };
    await standIn.plan({ ...part, error: [420, "FLOOD_WAIT_8"] });
    expect(await account.send(caller, post)).toMatchObject({ code: "flood_wait", seconds: 8 });
    await standIn.plan({ ...part, times: 0, error: [500, "INTERNAL"] });
    expect(await account.send(caller, post)).toMatchObject({ code: "unavailable", reason: "internal" });
    await standIn.clear(phone);
    expect(await account.send(caller, post)).toMatchObject({ ok: true });
    expect(await postsIn(post.peer)).toHaveLength(1);
  });
});

describe("a post", () => {
  it("with a picture arrives with its bytes and its text", async () => {
    const { account, caller, phone, groups } = await memberOf({ kind: "group" }, {});
    const bytes = png(640, 480, 700_000);
    const media = await newFile(bytes);
    for (const group of groups) {
      const outcome = await account.send(caller, newPost(group, { media, text: "Rasm" }));
      const posted = (await postsIn(group.peer)).at(-1);
      expect(outcome).toEqual({ ok: true, messageId: posted?.id });
      const file = {
        kind: "photo",
        size: bytes.length,
        sha256: await sha256(bytes),
        width: 640,
        height: 480,
      };
      expect(posted).toMatchObject({ text: "Rasm", media: file });
    }
    expect(await standIn.phone(phone)).toMatchObject({ uploads: 1, mostConnections: 1 });
  });

  it("with a video of 12 MB is uploaded once for 15 groups, with its size and its length", async () => {
    const { account, caller, phone, groups } = await memberOf(...Array(15).fill({}));
    const bytes = video(12_000_001);
    const size = { width: 1280, height: 720, duration: 21.5 };
    const media = await newFile(bytes, { kind: "video", type: "video/mp4", ...size });
    const hash = await sha256(bytes);
    const changes = () =>
      inside(account, ({ sql }) => sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n);
    const before = await changes();
    for (const group of groups) {
      expect(await account.send(caller, newPost(group, { media }))).toMatchObject({ ok: true });
      expect(await postsIn(group.peer)).toMatchObject([
        { media: { kind: "video", size: bytes.length, sha256: hash, ...size } },
      ]);
    }
    // What Telegram calls the file, once.
    expect(await changes()).toBe(before + 1);
    const { uploads, calls, mostConnections } = await standIn.phone(phone);
    expect({ uploads, mostConnections }).toEqual({ uploads: 1, mostConnections: 1 });
    expect(calls).toMatchObject({ "upload.saveBigFilePart": 23, "messages.uploadMedia": 1 });
  });

  it("that comes while its file is uploaded for another waits for it", async () => {
    const { account, caller, phone, groups } = await memberOf({}, {}, {});
    const media = await newFile(png(640, 480, 2_000_000));
    const outcomes = await Promise.all(
      groups.map((group) => account.send(caller, newPost(group, { media }))),
    );
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(await standIn.phone(phone)).toMatchObject({ uploads: 1, mostConnections: 1 });
  });

  it("with other content is uploaded, and the account keeps the newest file alone", async () => {
    const { account, caller, phone, groups } = await memberOf({});
    for (const media of [await newFile(png(640, 480)), await newFile(png(320, 200))])
      expect(await account.send(caller, newPost(groups[0]!, { media }))).toMatchObject({ ok: true });
    expect((await standIn.phone(phone)).uploads).toBe(2);
    const rows = await inside(account, ({ sql }) => sql.exec("SELECT key FROM media").toArray());
    expect(rows).toHaveLength(1);
  });

  it("whose file reference has expired is uploaded once more, and posted once", async () => {
    const { account, caller, phone, groups } = await memberOf({}, {});
    const media = await newFile(png(640, 480));
    await account.send(caller, newPost(groups[0]!, { media }));
    await expireFiles(phone);
    const post = newPost(groups[1]!, { media });
    expect(await account.send(caller, post)).toMatchObject({ ok: true });
    expect(await postsIn(post.peer)).toMatchObject([{ randomId: post.randomId }]);
    expect((await standIn.phone(phone)).uploads).toBe(2);
  });

  it("whose file Telegram no longer knows is uploaded once more; one that it never takes is content", async () => {
    const { account, caller, phone, groups } = await memberOf({}, {});
    const media = await newFile(png(640, 480));
    await account.send(caller, newPost(groups[0]!, { media }));
    const unknown = { phone, method: "messages.sendMedia", error: [400, "MEDIA_EMPTY"] as [number, string] };
    await standIn.plan(unknown);
    const post = newPost(groups[1]!, { media });
    expect(await account.send(caller, post)).toMatchObject({ ok: true });
    expect(await postsIn(post.peer)).toMatchObject([{ randomId: post.randomId }]);
    expect((await standIn.phone(phone)).uploads).toBe(2);
    await standIn.plan({ ...unknown, times: 2 });
    expect(await account.send(caller, newPost(groups[1]!, { media }))).toEqual({
      ...{ ok: false, code: "content", reason: "media_empty" },
    });
  });

  it("whose file reference expires again at once is unavailable", async () => {
    const { account, caller, phone, groups } = await memberOf({});
    const error: [number, string] = [400, "FILE_REFERENCE_EXPIRED"];
    await standIn.plan({ phone, method: "messages.sendMedia", times: 2, error });
    const outcome = await account.send(caller, newPost(groups[0]!, { media: await newFile(png(640, 480)) }));
    expect(outcome).toEqual({ ok: false, code: "unavailable", reason: "file_reference_expired" });
    expect((await standIn.phone(phone)).uploads).toBe(2);
  });

  it("that was tried before is not taken for one without its picture", async () => {
    const { account, caller, groups } = await memberOf({});
    const group = groups[0]!;
    const media = await newFile(png(640, 480));
    await account.send(caller, newPost(group));
    const post = newPost(group, { media, triedAt: Date.now() });
    const outcome = await account.send(caller, post);
    expect(await postsIn(group.peer)).toMatchObject([{ media: null }, { media: { kind: "photo" } }]);
    expect(await account.send(caller, { ...post, triedAt: Date.now() })).toEqual(outcome);
  });
});
