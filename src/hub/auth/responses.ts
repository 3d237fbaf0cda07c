import * as z from "zod/mini";

export const SignUpResponse = z.object({
  status: z.literal(true),
  /** The e-mail. */
  user: z.string(),
});
export type SignUpResponse = z.infer<typeof SignUpResponse>;

export const MessageResponse = z.object({ message: z.string() });
export type MessageResponse = z.infer<typeof MessageResponse>;

export const TokenPairResponse = z.object({ access: z.string(), refresh: z.string() });

export const SignInResponse = z.object({
  status: z.literal(true),
  email: z.string(),
  token: TokenPairResponse,
});
export type SignInResponse = z.infer<typeof SignInResponse>;
