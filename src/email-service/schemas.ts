import * as z from "zod/mini";
import { isAddress } from "../lib/address.ts";
import { CUID } from "../lib/cuid.ts";
import { headerText, wholeNumber } from "../lib/fields.ts";
import { lazy } from "../lib/lazy.ts";

/** What is said of a malformed address. The contract has a code for it. */
export const BAD_ADDRESS = "Invalid email address format";

/** RFC 1035 section 2.3.4, without the last dot. */
const MAX_HOST = 253;

export const address = lazy(() => z.string().check(z.refine(isAddress, BAD_ADDRESS)));

export const accountId = lazy(() => z.string().check(z.regex(CUID, "must be an account's id")));

/** A text of at least one character that is safe in a mail header. @param max in UTF-16 units */
export const line = (max: number) => headerText(max).check(z.minLength(1, "must not be empty"));

/** The name of a server. Whether it may be connected to is the mailbox's to say. */
export const hostname = lazy(() => line(MAX_HOST));

export const port = lazy(() => z.int().check(z.minimum(1), z.maximum(65_535)));

export const encryption = lazy(() => z.enum(["none", "tls", "starttls"]));

/** Query parameters of a page. */
export const page = (defaultLimit: number, maxLimit: number) => ({
  limit: z._default(z.pipe(wholeNumber(), z.int().check(z.minimum(1), z.maximum(maxLimit))), defaultLimit),
  offset: z._default(z.pipe(wholeNumber(), z.int()), 0),
});

/** The id of something in a mailbox. Which ones there are is the mailbox's to say. */
export const objectId = lazy(() => z.string().check(z.regex(/^[\w.-]{1,200}$/, "must be an id")));
