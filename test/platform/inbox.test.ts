import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

const ask = (path: string, init?: RequestInit): Promise<Response> =>
  exports.default.fetch(new Request(`https://xabar.test${path}`, { redirect: "manual", ...init }));

describe("the page of the web inbox", () => {
  it("is refused to methods that change something", async () => {
    const response = await ask("/app/inbox", { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect(await response.json()).toEqual({ detail: "POST is not allowed here; use GET, HEAD" });
  });

  it("is not the answer to a script that there is not, nor to a path that only begins alike", async () => {
    const script = await ask("/assets/index-of-an-older-build.js");
    expect(script.status).toBe(404);
    expect(await script.json()).toEqual({ detail: "Not found" });
    const path = await ask("/application");
    expect([path.status, path.headers.get("content-type")]).toEqual([401, "application/json"]);
    await path.body?.cancel();
  });

  it.each(["/app", "/app/", "/app/inbox/018f", "/app/index.html", "/app/a.js"])(
    "answers %s without a token, as /",
    async (path) => {
      const response = await ask(path, { headers: { accept: "text/html", "sec-fetch-mode": "navigate" } });
      expect([response.status, response.headers.get("content-type")]).toEqual([
        200,
        "text/html; charset=utf-8",
      ]);
      const page = await env.ASSETS.fetch("https://xabar.test/");
      expect(await response.text()).toBe(await page.text());
    },
  );

  it("has no body for HEAD, nor for a browser that has it already", async () => {
    const head = await ask("/app/inbox", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const headers = { "if-none-match": head.headers.get("etag") ?? "" };
    const again = await ask("/app/starred", { headers });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect(again.headers.get("cache-control")).toBe("no-cache");
  });

  it("has one policy, which runs no script but ours and lets nobody frame it", async () => {
    const { headers } = await ask("/app/inbox", { method: "HEAD" });
    const policy = headers.get("content-security-policy") ?? "";
    const page = await env.ASSETS.fetch("https://xabar.test/", { method: "HEAD" });
    expect(policy).toBe(page.headers.get("content-security-policy"));
    const directives = new Map(
      policy.split(";").map((each): [string, string] => {
        const [name = "", ...values] = each.trim().split(" ");
        return [name, values.join(" ")];
      }),
    );
    expect(Object.fromEntries(directives)).toMatchObject({
      ...{ "default-src": "'none'", "script-src": "'self'", "connect-src": "'self'" },
      ...{ "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'" },
    });
    expect(headers.get("x-frame-options")).toBeNull();
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });
});
