import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./src/telegram/schema/*.ts",
  out: "./migrations/telegram",
});
