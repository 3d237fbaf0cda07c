import * as z from "zod/mini";
import { invalid } from "../../../lib/errors.ts";
import { badField } from "../../../lib/field-errors.ts";
import { lazy } from "../../../lib/lazy.ts";
import { id, ids, uuid } from "../../fields.ts";
import { filledText, messageText } from "../fields.ts";

// What a socket may send (contract, lines 1965-1986: five names without shapes, each a command and an event).

const MAX_FILES = 10;
/** Longer frames are refused unread, in UTF-16 units. */
const MAX_FRAME = 32_768;
const MAX_CLIENT_ID = 64;

const clientId = () =>
  z.optional(
    z
      .string()
      .check(
        z.minLength(1),
        z.maxLength(MAX_CLIENT_ID, `Ensure this field has no more than ${MAX_CLIENT_ID} characters.`),
      ),
  );

/** The fields of each type of frame. */
const FRAMES = lazy(() => ({
  auth: z.object({ token: z.string(), since: z.optional(id()) }),
  chat_message: z
    .object({
      message: z._default(messageText(), ""),
      reply_to: z._default(z.nullable(uuid()), null),
      files: z._default(ids(MAX_FILES), []),
      client_id: clientId(),
    })
    .check(
      z.refine(({ message, files }) => message.trim() !== "" || files.length > 0, {
        path: ["message"],
        message: "A message needs a text or a file.",
      }),
    ),
  message_edited: z.object({ id: uuid(), message: filledText() }),
  message_deleted: z.object({ id: uuid() }),
  user_typing: z.object({}),
  message_read: z.object({ id: uuid() }),
  resume: z.object({ since: id() }),
}));

type Frames = ReturnType<typeof FRAMES>;

/** What a socket has sent. */
export type Frame = { [Type in keyof Frames]: { type: Type } & z.infer<Frames[Type]> }[keyof Frames];

/**
 * Reads a frame.
 * @param noteClientId gets the `client_id`, also of a frame that is refused
 * @throws ServiceError invalid
 */
export function readFrame(raw: string | ArrayBuffer, noteClientId: (id: string) => void): Frame {
  if (typeof raw !== "string") throw invalid("A frame must be text.");
  if (raw.length > MAX_FRAME) throw invalid(`A frame must have no more than ${MAX_FRAME} characters.`);
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw invalid("JSON parse error.");
  }
  const { client_id, type } = (value ?? {}) as { client_id?: unknown; type?: unknown };
  if (typeof client_id === "string" && client_id.length <= MAX_CLIENT_ID) noteClientId(client_id);
  if (typeof type !== "string" || !Object.hasOwn(FRAMES(), type))
    throw badField("type", `Must be one of ${Object.keys(FRAMES()).join(", ")}.`);
  const { data, error } = FRAMES()[type as keyof Frames].safeParse(value);
  if (!error) return { type, ...data } as Frame;
  const issues = error.issues.map(({ path, message }) => ({ path: path.map(String).join("."), message }));
  throw invalid(issues[0]?.message ?? "Invalid request data", issues);
}
