import { buildWeb } from "./build/web.ts";

// `npm run build` builds the static files of the Worker. Wrangler runs it before it starts or deploys the Worker.

try {
  await buildWeb();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
