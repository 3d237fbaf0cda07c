import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** The paths of the API, for `vite` beside a running `npm run dev`. */
const API = /^\/(?!app(\/|$)|src\/|@|node_modules\/|client\/|$)/;

/**
 * The web inbox. Its source is React's; Preact runs it, at half the size. `npm run build` builds it. To work on it with
 * reloads: `npm run dev`, and `npx vite web` beside it.
 */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  publicDir: false,
  resolve: {
    alias: [
      { find: /^react-dom\/client$/, replacement: "preact/compat/client" },
      { find: /^react\/jsx(-dev)?-runtime$/, replacement: "preact/jsx-runtime" },
      { find: /^react-dom\/test-utils$/, replacement: "preact/test-utils" },
      { find: /^react(-dom)?$/, replacement: "preact/compat" },
    ],
  },
  build: {
    target: "es2023",
    outDir: "../dist/web",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // "use client" in packages is for servers that render React.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
  server: { proxy: { [API.source]: "http://127.0.0.1:8787" } },
});
