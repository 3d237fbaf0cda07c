import { describe, expect, it } from "vitest";
import { isOutage } from "../../src/ems/outage.ts";
import { isProviderError, ProviderError } from "../../src/ems/provider/port.ts";

/** An error as RPC delivers it: own fields, but no class. */
const overRpc = (error: ProviderError): Error =>
  Object.assign(new Error(error.message), { fault: error.fault, retryAfterSeconds: error.retryAfterSeconds });

describe("a provider error", () => {
  const limited = new ProviderError("rate_limited", "slow down", null, 5);

  it.each([
    ["here", limited],
    ["behind RPC", overRpc(limited)],
  ])("that was thrown %s is told by its fields", (_where, error) => {
    expect(isProviderError(error)).toBe(true);
    expect(isProviderError(error, "rate_limited")).toBe(true);
    expect(isProviderError(error, "refused")).toBe(false);
  });

  it.each([
    new Error("other"),
    Object.assign(new Error("other"), { fault: "of something else" }),
    { fault: "refused" },
    null,
    "refused",
  ])("is not %j", (error) => {
    expect(isProviderError(error)).toBe(false);
  });

  it("through RPC is an outage, unless it is about the requested object", () => {
    const faults = ["unknown", "rate_limited", "grant_dead", "refused", "not_found"] as const;
    const outages = faults.filter((fault) => isOutage(overRpc(new ProviderError(fault, "failed", null))));
    expect(outages).toEqual(["unknown", "rate_limited", "grant_dead"]);
  });
});
