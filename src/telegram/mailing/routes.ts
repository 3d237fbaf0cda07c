import { Hono } from "hono";
import type { UserEnv } from "../context.ts";

export const mailing = () => new Hono<UserEnv>({ strict: false });
