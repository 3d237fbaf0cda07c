import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, it } from "vitest";

it.each(["openapi.json", "email-service.openapi.json", "hub.openapi.json", "telegram.openapi.json"])(
  "%s is valid OpenAPI 3.1",
  async (file) => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(JSON.parse(readFileSync(file, "utf8")));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe("3.1");
  },
);
