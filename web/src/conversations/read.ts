import { api, take } from "../api.ts";
import type { ReadPage } from "./pages.ts";

/** The position of the event log at the first list that was read; null if none is read within two seconds. */
let setPosition: (position: string | null) => void = () => {};
export const firstPosition: Promise<string | null> = new Promise((resolve) => {
  setPosition = resolve;
  setTimeout(() => resolve(null), 2000);
});

/** Reads a page of a list, or one conversation of it. */
export const readPage: ReadPage = async ({ view, account_id, unread }, request, signal) => {
  const filter = { ...(account_id ? { account_id } : {}), ...(unread ? { is_read: "false" as const } : {}) };
  const options = { params: { query: { view, ...filter, ...request } }, ...(signal ? { signal } : {}) };
  const call = api.GET("/conversations", options);
  const list = await take(call);
  setPosition((await call).response.headers.get("last-event-id"));
  return list;
};
