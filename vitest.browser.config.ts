import { defineConfig } from "vitest/config";

/** What needs Debian's Chromium: `npm run test:browser`. */
export default defineConfig({
  test: {
    silent: "passed-only",
    include: ["test/node/browser/**/*.ts"],
    testTimeout: 400_000,
    hookTimeout: 400_000,
  },
});
