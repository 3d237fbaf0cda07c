import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./src/hub/schema/*.ts",
  out: "./migrations/hub",
});
