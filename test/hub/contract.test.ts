import { expect, it } from "vitest";
import { holdHub, takeHubFaults } from "../support/hub-answers.ts";
import { operations, readContract } from "../support/hub-contract.ts";

/** What is wrong with an answer to a request. */
async function faultsOf(
  path: string,
  status: number,
  body: unknown,
  method = "GET",
  headers = {},
): Promise<string[]> {
  const app = { fetch: async (_request: Request) => Response.json(body, { status, headers }) };
  holdHub(app);
  await app.fetch(new Request(`https://xabar.test${path}`, { method }));
  return takeHubFaults();
}

it("the contract has 85 operations, and each answer is read: an example, another's example, or none", () => {
  const counts = Object.groupBy(operations, ({ section }) => section);
  expect(Object.fromEntries(Object.entries(counts).map(([section, all]) => [section, all?.length]))).toEqual({
    ...{ Accounts: 37, Posts: 14, Stories: 13, Chat: 19, Notifications: 2 },
  });
  const withoutBody = operations.filter(({ response }) => response === undefined);
  expect(withoutBody.map(({ status }) => status)).toEqual(withoutBody.map(() => 204));
  const find = (name: string) => operations.find((each) => each.name === name)!;
  const user = find("GET /api/accounts/account/search/<key>/").response as object[];
  expect(find("GET /api/accounts/account/user/<pk>/").response).toEqual(user[0]);
  expect(find("GET /api/accounts/admin/user/").response).toEqual(user);
  expect(find("GET /api/accounts/admin/user/<pk>/")).toMatchObject({ response: user[0], access: "staff" });
  expect(find("GET /api/stories/archive/").response).toEqual(find("GET /api/stories/active/").response);
  expect(find("PATCH /api/posts/comment/<id>/").response).toMatchObject({ comment: "Great post!" });
  expect(find("GET /api/posts/<post_id>/views/").response).toMatchObject([{ id: "view-uuid" }]);
  expect(find("POST /api/comments/comment")).toMatchObject({ access: "open", status: 201 });
});

it("an operation that the reader does not understand is an error", () => {
  expect(() => readContract("## Posts API\n\n#### 1. List\n**GET** `/x/`\n")).toThrow("No operation");
});

it("answers that lack a field, have another or have it in another type are found", async () => {
  const path = "/api/stories/viewed/";
  const view = { id: 1, story: 1, viewer: 1, viewed_at: "2024-02-04T10:00:00Z" };
  expect(await faultsOf(path, 201, view, "POST")).toEqual([]);
  expect(await faultsOf(path, 200, view, "POST")).toEqual([]);
  expect(await faultsOf(path, 202, view, "POST")).not.toEqual([]);
  const { viewer: _, ...less } = view;
  for (const wrong of [
    less,
    { ...view, more: 1 },
    { ...view, id: "1" },
    { ...view, viewer: null },
    { ...view, viewed_at: 1 },
  ])
    expect(await faultsOf(path, 201, wrong, "POST"), JSON.stringify(wrong)).not.toEqual([]);
  for (const time of ["2024-02-04T10:00:00.000Z", "2024-02-04 10:00:00"])
    expect(await faultsOf(path, 201, { ...view, viewed_at: time }, "POST")).not.toEqual([]);
});

it("a list is an array, and with page an object with results", async () => {
  const comment = { id: 1, content: "Salom", created_at: "2024-02-04T10:00:00Z" };
  const page = { count: 1, next: null, previous: null, results: [comment] };
  const path = "/api/comments/comment";
  expect(await faultsOf(path, 200, [comment])).toEqual([]);
  expect(await faultsOf(path, 200, [])).toEqual([]);
  expect(await faultsOf(path, 200, page)).not.toEqual([]);
  expect(await faultsOf(`${path}/?page=1`, 200, page)).toEqual([]);
  expect(await faultsOf(`${path}?page=1`, 200, [comment])).not.toEqual([]);
  for (const wrong of [
    { ...page, next: "/x" },
    { ...page, count: "1" },
    { ...page, results: [{}] },
  ])
    expect(await faultsOf(`${path}?page=1`, 200, wrong)).not.toEqual([]);
});

it("errors have the contract's five shapes on every path", async () => {
  const path = "/api/posts/nothing";
  const bad = { error: "Invalid request data", details: { content: ["This field is required."] } };
  expect(await faultsOf(path, 400, bad)).toEqual([]);
  for (const details of [undefined, {}, { content: [] }, { content: "x" }, { content: [1] }])
    expect(await faultsOf(path, 400, { ...bad, details })).not.toEqual([]);
  expect(await faultsOf(path, 401, { detail: "No" })).toEqual([]);
  expect(await faultsOf(path, 403, { error: "No" })).not.toEqual([]);
  expect(await faultsOf(path, 404, { error: "Resource not found" })).toEqual([]);
  expect(await faultsOf(path, 404, { detail: "Not found" })).not.toEqual([]);
  const throttled = { message: "Request was throttled", wait_seconds: 60 };
  expect(await faultsOf(path, 429, throttled, "GET", { "retry-after": "60" })).toEqual([]);
  expect(await faultsOf(path, 429, throttled)).not.toEqual([]);
  expect(await faultsOf(path, 500, { error: "Internal server error occurred" })).toEqual([]);
  expect(await faultsOf(path, 405, { error: "x" })).not.toEqual([]);
});
