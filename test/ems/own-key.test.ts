import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { config } from "../../src/ems/config.ts";
import { ownKey } from "../../src/ems/own-key.ts";

/** Fixed keys from another implementation of HMAC-SHA256. Links and tickets in use are signed with such keys. */
it.each([
  [
    { JWT_SECRET: "jwt", NYLAS_API_KEY: "key", NYLAS_WEBHOOK_SECRET: "hook" },
    "f82a711778e98300ccec9c92a7ef1afa322c4e9bafeddf0ccd9cd04ebea996af",
  ],
  [
    { JWT_SECRET: "jwt", NYLAS_API_KEY: "", NYLAS_WEBHOOK_SECRET: undefined },
    "79283c3e32b9882ff558c98a75dd841585b0d79eb8c14b6cafe31609c35ac10b",
  ],
])("of %j the key stays the same", async (secrets, key) => {
  expect(await ownKey({ ...config(env), ...secrets }, "stream tickets")).toBe(key);
});

it("without a secret there is no key", async () => {
  const none = { JWT_SECRET: undefined, NYLAS_API_KEY: "", NYLAS_WEBHOOK_SECRET: undefined };
  await expect(ownKey({ ...config(env), ...none }, "stream tickets")).rejects.toMatchObject({
    code: "unavailable",
  });
});
