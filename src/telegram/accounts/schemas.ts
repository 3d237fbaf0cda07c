import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { password, phone, text } from "../fields.ts";

export const SendCode = lazy(() => z.object({ phone: phone() }));

export const VerifyCode = lazy(() => z.object({ phone: phone(), code: text(32) }));

export const VerifyPassword = lazy(() => z.object({ phone: phone(), password: password() }));
