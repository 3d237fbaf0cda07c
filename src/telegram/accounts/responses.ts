import * as z from "zod/mini";

const account = {
  phone: z.int(),
  is_active: z.boolean(),
  groups_count: z.int(),
};

export const AccountListResponse = z.array(z.object(account));

export const AccountResponse = z.object({
  ...account,
  state: z.enum(["connecting", "active", "paused", "signed_out"]),
  reason: z.nullable(z.string()),
  until: z.nullable(z.string()),
});

export const SignInResponse = z.union([
  z.object({ success: z.literal(true) }),
  z.object({ success: z.literal(false), needs_2fa: z.literal(true) }),
  z.object({
    success: z.literal(false),
    error: z.literal([
      ...(["account_exists", "invalid_phone", "code_unavailable"] as const),
      ...(["invalid_code", "invalid_password", "expired"] as const),
    ]),
  }),
  z.object({ success: z.literal(false), error: z.literal("flood_wait"), seconds: z.int() }),
]);

export const SuccessResponse = z.object({ success: z.literal(true) });
