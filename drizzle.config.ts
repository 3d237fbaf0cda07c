import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./src/ems/schema/*.ts",
  out: "./migrations/ems",
});
