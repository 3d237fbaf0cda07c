import { Hono } from "hono";
import type { UserEnv } from "../context.ts";

export const groups = () => new Hono<UserEnv>({ strict: false });
