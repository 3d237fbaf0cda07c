import { randomBytes } from "node:crypto";
import { Long, type tl } from "@mtcute/core";
import { RpcError } from "../wire/handler.ts";
import type { Methods } from "./methods.ts";
import type { Account, Medium } from "./state.ts";
import type { UploadedFile } from "./uploads.ts";
import { mediaView } from "./views.ts";
import type { World } from "./world.ts";

/** Of a picture. */
const SIDES_MAX = 10_000;
const RATIO_MAX = 20;
const PICTURE_MAX = 10 * 1024 * 1024;
const PICTURE_NAME = /\.(jpe?g|png|webp)$/i;

export const media: Methods = {
  "upload.saveFilePart": (world, { fileId, filePart, bytes }, caller) => {
    world.uploads.save(world.signedIn(caller).phone, fileId.toString(), filePart, bytes, null);
    return true;
  },

  "upload.saveBigFilePart": (world, { fileId, filePart, fileTotalParts, bytes }, caller) => {
    world.uploads.save(world.signedIn(caller).phone, fileId.toString(), filePart, bytes, fileTotalParts);
    return true;
  },

  "messages.uploadMedia": (world, call, caller) => {
    const account = world.signedIn(caller);
    return mediaView(world, account, mediumOf(world, account, call.media));
  },
};

/**
 * What a client wants to post: something uploaded, or something that was posted or uploaded before.
 * @throws RpcError for what is neither, and for what Telegram does not show
 */
export function mediumOf(world: World, account: Account, input: tl.TypeInputMedia): Medium {
  switch (input._) {
    case "inputMediaUploadedPhoto":
      if (!PICTURE_NAME.test("name" in input.file ? input.file.name : ""))
        throw new RpcError(400, "PHOTO_EXT_INVALID");
      return keep(world, account, photoOf(world.uploads.finish(account.phone, input.file)));
    case "inputMediaUploadedDocument":
      return keep(world, account, videoOf(world.uploads.finish(account.phone, input.file), input));
    case "inputMediaPhoto":
      return known(world, account, "photo", input.id);
    case "inputMediaDocument":
      return known(world, account, "video", input.id);
    default:
      throw new RpcError(400, "MEDIA_INVALID");
  }
}

type NewMedium = Omit<Medium, "id" | "uploadedAt">;

function photoOf({ size, sha256, picture }: UploadedFile): NewMedium {
  if (!picture) throw new RpcError(400, "IMAGE_PROCESS_FAILED");
  if (size > PICTURE_MAX) throw new RpcError(400, "PHOTO_SAVE_FILE_INVALID");
  const { width, height } = picture;
  const ratio = Math.max(width, height) / Math.min(width, height);
  if (width + height > SIDES_MAX || !(ratio <= RATIO_MAX))
    throw new RpcError(400, "PHOTO_INVALID_DIMENSIONS");
  return { kind: "photo", mimeType: "image/jpeg", size, sha256, width, height };
}

/** Other documents are not for this stand-in. */
function videoOf(
  { size, sha256 }: UploadedFile,
  { mimeType, attributes }: tl.RawInputMediaUploadedDocument,
): NewMedium {
  if (!mimeType.startsWith("video/")) throw new RpcError(400, "VIDEO_CONTENT_TYPE_INVALID");
  const video = attributes.find((attribute) => attribute._ === "documentAttributeVideo");
  const { w: width, h: height, duration } = video ?? { w: 0, h: 0, duration: 0 };
  return { kind: "video", mimeType, size, sha256, width, height, duration };
}

function keep(world: World, account: Account, fresh: NewMedium): Medium {
  const id = Long.fromBytesLE([...randomBytes(7), 1]).toString();
  const medium = { ...fresh, id, uploadedAt: world.now() };
  world.media.set(id, medium);
  account.uploads++;
  return medium;
}

function known(
  world: World,
  account: Account,
  kind: Medium["kind"],
  input: tl.TypeInputPhoto | tl.TypeInputDocument,
): Medium {
  if (input._ === "inputPhotoEmpty" || input._ === "inputDocumentEmpty")
    throw new RpcError(400, "MEDIA_EMPTY");
  const medium = world.media.get(input.id.toString());
  const isKnown = medium?.kind === kind && world.accessHash(account, medium.id).eq(input.accessHash);
  if (!isKnown) throw new RpcError(400, "MEDIA_EMPTY");
  const [id, age] = Buffer.from(input.fileReference).toString().split(".");
  if (!id) throw new RpcError(400, "FILE_REFERENCE_EMPTY");
  if (id !== medium.id || !age) throw new RpcError(400, "FILE_REFERENCE_INVALID");
  if (Number(age) < account.fileAge) throw new RpcError(400, "FILE_REFERENCE_EXPIRED");
  return medium;
}
