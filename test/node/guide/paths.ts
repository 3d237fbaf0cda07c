import { beforeAll, describe, expect, test } from "vitest";
import { signIn } from "../support/browser.ts";
import { BASE_URL, getInbox, TokenStorage } from "./client.ts";

/** The guide's requests, as a browser makes them. */
export function pathFacts(): void {
  describe("paths", () => {
    beforeAll(() => signIn(50, [1, 2]));

    test.each([
      "/accounts/",
      "/messages/?",
      "/messages/?page=2&size=25",
      "/inbox/?",
      "/inbox/?page=1&size=25&is_read=false",
      "/inbox/unread-counts",
      "/threads/?",
    ])("%s responds without a redirect, and equally to each poll", async (path) => {
      const poll = async () => {
        const headers = { Authorization: `Bearer ${TokenStorage.get()}` };
        const response = await fetch(`${BASE_URL}${path}`, { headers, redirect: "manual" });
        return { status: response.status, body: await response.json() };
      };
      const first = await poll();
      expect(first.status).toBe(200);
      expect(await poll()).toEqual(first);
    });

    test("a page of a frontend's development server may call it", async () => {
      const origin = "http://localhost:5173";
      const response = await fetch(`${BASE_URL}/inbox/1/read`, {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "PATCH",
          "access-control-request-headers": "authorization,content-type",
        },
      });
      expect(response.ok).toBe(true);
      expect(response.headers.get("access-control-allow-origin")).toBe(origin);
      expect(response.headers.get("access-control-allow-methods")).toContain("PATCH");
      expect(response.headers.get("access-control-allow-headers")?.toLowerCase()).toBe(
        "authorization,content-type",
      );
    });

    test("a size over 100 is refused with a sentence", async () => {
      await expect(getInbox({ size: 101 })).rejects.toEqual({
        status: 400,
        detail: expect.stringContaining("size"),
      });
    });
  });
}
