import { Hono } from "hono";
import type { OpenEnv, UserEnv } from "../context.ts";

export const status = () => new Hono<UserEnv>({ strict: false });
export const admin = () => new Hono<OpenEnv>({ strict: false });
