import * as z from "zod/mini";

/** The longest text of a message, in UTF-16 units. */
const MAX_TEXT = 4096;

/** The text of a message, as it was written: blanks stay. */
export const messageText = () =>
  z.string("Not a valid string.").check(
    z.maxLength(MAX_TEXT, `Ensure this field has no more than ${MAX_TEXT} characters.`),
    z.refine((text) => text.isWellFormed() && !text.includes("\0"), "Null characters are not allowed."),
  );

/** The same, with more than blanks. */
export const filledText = () =>
  messageText().check(z.refine((text) => text.trim() !== "", "This field may not be blank."));
