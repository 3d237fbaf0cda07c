import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { takeHubFaults } from "../support/hub-answers.ts";
import { operations } from "../support/hub-contract.ts";
import { kindsOf, requestOf, SCENES } from "../support/hub-scenes.ts";

// Each operation of the contract with the request of its own example, as JSON, as a form and as multipart/form-data, with and
// without the last slash.

it("every operation of the contract has a scene", () => {
  expect(Object.keys(SCENES).sort()).toEqual(operations.map(({ name }) => name).sort());
});

describe.each(operations)("$name", (each) => {
  const calls = kindsOf(each).flatMap((kind, at) =>
    kindsOf(each).length > 1
      ? [{ kind, slash: at % 2 ? "" : "/" }]
      : ["/", ""].map((slash) => ({ kind, slash })),
  );

  it.each(calls)("answers as in the contract to $kind with the end '$slash'", async ({ kind, slash }) => {
    const scene = SCENES[each.name]!;
    const response = await exports.default.fetch(requestOf(each, await scene(), kind, slash));
    const text = await response.text();
    expect([response.status, text.slice(0, 300)]).toEqual([each.status, expect.anything()]);
    expect(takeHubFaults()).toEqual([]);
    if (Array.isArray(each.response)) expect(JSON.parse(text)).not.toEqual([]);
  });
});
