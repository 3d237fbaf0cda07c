import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./src/email-service/schema/*.ts",
  out: "./migrations/email-service",
});
