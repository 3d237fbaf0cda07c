import { invalid } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import type { UserCtx } from "../context.ts";
import { userNotFound } from "../errors.ts";
import { mailingObject } from "../mailing-object.ts";
import { presentMailing } from "../present.ts";
import type { ContentChange } from "../scheduler/contract.ts";
import { findUser } from "../users/find.ts";
import type { ContentWrite } from "./schemas.ts";

/**
 * Changes the text, image or video of a mailing. A run that goes on keeps what it began with.
 * @throws ServiceError invalid for an image and a video at once, and for a text that is too long beside either; not_found
 *   for a user that is being deleted
 */
export async function changeContent(ctx: UserCtx, { text, image, video }: ContentWrite) {
  if (image && video) throw invalid("Send an image or a video: a mailing has one of them.");
  const file = image || video;
  const removed = (["image", "video"] as const).filter((kind) => ({ image, video })[kind] === null);
  const change: ContentChange = {
    ...(text === undefined ? {} : { text: text.trim() === "" ? "" : text }),
    ...(file ? { media: file } : removed.length ? { media: { remove: removed } } : {}),
  };
  const changed = await mailingObject(ctx).changeContent(change);
  if (changed.ok) {
    // Race: the body took its time. What came after the erasure of the user, nobody else would remove.
    if (!(await findUser(ctx, ctx.user.id))) {
      await mailingObject(ctx).erase();
      throw userNotFound();
    }
    return presentMailing(changed.mailing);
  }
  if (changed.code === "gone") {
    // Race: erased, and perhaps made again, since the file was stored. Nobody else would remove it.
    if (file) await ctx.env.ATTACHMENTS.delete(file.key);
    throw userNotFound();
  }
  throw badField("text", "Ensure this field has no more than 1024 characters beside an image or a video.");
}
