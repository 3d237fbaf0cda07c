import type { tl } from "@mtcute/core";
import { describe, expect, it } from "vitest";
import type { AccountContext } from "../../src/telegram-account/context.ts";
import type { Media } from "../../src/telegram-account/contract.ts";
import { NoAnswer } from "../../src/telegram-account/errors.ts";
import { uploadFile } from "../../src/telegram-account/media/upload.ts";
import { bindings } from "./support/account.ts";

const PART = 512 * 1024;
const SIZE = 50 * 1024 * 1024;
const MEDIA: Media = {
  ...{ key: "telegram/video", kind: "video", type: "video/mp4" },
  ...{ size: SIZE, width: 1, height: 1, duration: 1 },
};

type Call = (method: tl.RpcMethod) => Promise<unknown>;

/** Uploads what a bucket reads. */
const upload = (get: () => Promise<unknown>, call: Call) =>
  uploadFile(
    {
      env: { ...bindings, ATTACHMENTS: { get } as unknown as R2Bucket },
      call: call as AccountContext["call"],
    },
    MEDIA,
  );

/** A file of 50 MB that is made as it is read. */
function createFile(size = SIZE) {
  const file = { read: 0, isCancelled: false };
  const body = new ReadableStream(
    {
      type: "bytes",
      pull(controller) {
        if (file.read >= SIZE) return controller.close();
        controller.enqueue(new Uint8Array(65_536).fill(file.read / 65_536));
        file.read += 65_536;
      },
      cancel() {
        file.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { file, get: async () => ({ size, body }) };
}

describe("an upload of 50 MB", () => {
  it("reads no more than two parts ahead of what Telegram has", async () => {
    const { file, get } = createFile();
    let sent = 0;
    let ahead = 0;
    const input = await upload(get, async (method) => {
      if (method._ !== "upload.saveBigFilePart") throw new Error(method._);
      expect(method).toMatchObject({ filePart: sent / PART, fileTotalParts: 100 });
      expect(method.bytes.length).toBe(PART);
      expect(method.bytes[65_536]).toBe((sent / 65_536 + 1) % 256);
      ahead = Math.max(ahead, file.read - sent);
      await scheduler.wait(0);
      sent += method.bytes.length;
      return true;
    });
    expect(input).toMatchObject({ _: "inputFileBig", parts: 100, name: "video.mp4" });
    expect(sent).toBe(SIZE);
    expect(ahead).toBeLessThanOrEqual(2 * PART);
  });

  it("ends at the first part that gets no answer, and reads no further", async () => {
    const { file, get } = createFile();
    const failure = new NoAnswer(true);
    await expect(upload(get, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(file).toMatchObject({ isCancelled: true });
    expect(file.read).toBeLessThanOrEqual(2 * PART);
  });

  it("is unavailable if R2 cannot be read, or ends early", async () => {
    const unavailable = { code: "unavailable", reason: "file_cannot_be_read" };
    const isTaken = async () => true;
    await expect(upload(() => Promise.reject(new Error("R2")), isTaken)).rejects.toMatchObject(unavailable);
    const broken = async () => ({
      size: SIZE,
      body: new ReadableStream({ type: "bytes", pull: (controller) => controller.error(new Error("R2")) }),
    });
    await expect(upload(broken, isTaken)).rejects.toMatchObject(unavailable);
    await expect(upload(createFile(SIZE + 1).get, isTaken)).rejects.toMatchObject(unavailable);
  });
});
