import { defineConfig } from "vitest/config";
import { findChromium } from "./dev/chromium.ts";

const common = {
  silent: "passed-only" as const,
  // Above all waits inside: a server may take 300 s to start (test/node/support/dev-server.ts).
  testTimeout: 600_000,
  hookTimeout: 600_000,
  // Found and unpacked once. Without one nothing runs: no suite is skipped.
  env: { CHROMIUM: await findChromium() },
};

/** Suites that one running server is enough for. */
const SHARED = ["test/node/browser/inbox/**/*.ts", "test/node/browser/{chat,chat-contract,connect,docs}.ts"];

/** What needs Chromium: `npm run test:browser`. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: "browser",
          include: ["test/node/browser/**/*.ts"],
          exclude: SHARED,
        },
      },
      {
        test: {
          ...common,
          name: "inbox",
          include: SHARED,
          globalSetup: "test/node/support/inbox-server.ts",
        },
      },
    ],
  },
});
