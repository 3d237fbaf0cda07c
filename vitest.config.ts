import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { exportJWK, generateKeyPair } from "jose";
import { defineConfig } from "vitest/config";
import { createPullMount } from "./dev/nylas/pull.ts";

const NYLAS = { apiKey: "test-api-key", controlToken: "test-control", webhookSecret: "test-webhook-secret" };

/** Of the chaos test: `npm run chaos -- --minutes 10 --seed 7`. */
const CHAOS = {
  seed: Number(process.env.CHAOS_SEED ?? Date.now() % 1e9),
  minutes: Number(process.env.CHAOS_MINUTES ?? 0),
};

/** All that the Worker's outbound requests can reach in tests: the stand-in for Nylas and an issuer of tokens. */
async function outbound() {
  const mount = (seed: number) =>
    createPullMount({
      apiKey: NYLAS.apiKey,
      controlToken: NYLAS.controlToken,
      seed,
      sentAsUpdated: 0,
      webhooks: [{ url: "https://xabar.test/webhooks/nylas", secret: NYLAS.webhookSecret }],
    });
  const nylas = mount(1);
  const unrulyNylas = mount(CHAOS.seed);
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "test", alg: "ES256" }] };
  const fetch = async (request: Request): Promise<Response> => {
    const { hostname } = new URL(request.url);
    if (hostname === "nylas.test") return nylas.fetch(request);
    if (hostname === "chaos.nylas.test") return unrulyNylas.fetch(request);
    if (hostname === "issuer.test") return Response.json(jwks);
    return new Response(`No route to ${hostname}`, { status: 503 });
  };
  return {
    fetch,
    privateKey: JSON.stringify({ ...(await exportJWK(privateKey)), kid: "test", alg: "ES256" }),
  };
}

const worker = cloudflareTest(async () => {
  const { fetch, privateKey } = await outbound();
  return {
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      d1Databases: { DB_2: "xabar-2", NOTES_DB: "notes" },
      bindings: {
        // No test has such companies unless it wants them in the second database.
        SHARDS: [{ binding: "DB_2", from: 5_000_000_000 }],
        TEST_MIGRATIONS: await readD1Migrations("./migrations"),
        TEST_ISSUER_KEY: privateKey,
        TEST_CONTROL_TOKEN: NYLAS.controlToken,
        TEST_CHAOS: CHAOS,
        // Whatever a developer's own .dev.vars may say.
        ...{ CORS_ORIGINS: "", R2_S3_ENDPOINT: "", R2_ACCESS_KEY_ID: "", R2_SECRET_ACCESS_KEY: "" },
        JWT_SECRET: "test-jwt-secret",
        JWT_JWKS_URL: "https://issuer.test/jwks.json",
        NYLAS_API_KEY: NYLAS.apiKey,
        NYLAS_API_URI: "https://nylas.test",
        NYLAS_WEBHOOK_SECRET: NYLAS.webhookSecret,
      },
      outboundService: fetch as never, // miniflare's own Request and Response classes, alike in all that is used
    },
  };
});

/** In milliseconds. Room for a machine that is slow and busy; the waits inside tests are shorter: test/support/wait.ts. */
const limits = { testTimeout: 600_000, hookTimeout: 600_000, expect: { poll: { timeout: 60_000 } } };

export default defineConfig({
  test: {
    silent: "passed-only",
    // Several suites wait more than they work: for a whole `npm run dev`, for a keepalive.
    maxWorkers: 4,
    projects: [
      {
        plugins: [worker],
        test: {
          name: "worker",
          include: ["test/**/*.test.ts"],
          exclude: ["test/node/**"],
          setupFiles: ["./test/support/setup.ts"],
          ...limits,
        },
      },
      { test: { name: "node", include: ["test/node/**/*.test.ts"], ...limits } },
    ],
  },
});
