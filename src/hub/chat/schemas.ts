import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { id, uuid } from "../fields.ts";

export const RoomParam = lazy(() => z.object({ room_id: uuid() }));
export const ChatIdParam = lazy(() => z.object({ id: uuid() }));

/** Whom an operation on members is for. */
export const UserBody = lazy(() => z.object({ user_id: id() }));
