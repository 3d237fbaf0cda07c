import { defineConfig } from "vitest/config";

/** What needs Debian's Chromium: `npm run test:browser`. */
export default defineConfig({
  test: {
    silent: "passed-only",
    include: ["test/node/browser/**/*.ts"],
    // Above all waits inside: a server may take 300 s to start (test/node/support/dev-server.ts).
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
