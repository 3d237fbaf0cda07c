import { queryOptions } from "@tanstack/react-query";
import { api, queries, type Schemas, take } from "../api.ts";
import type { View } from "../paths.ts";
import { hasRemoteImages } from "./remote-images.ts";
import { isTrusted } from "./senders.ts";

/** The folder whose messages a view shows of a conversation; undefined for all but junk and trash. */
const folderOf = (view: View) => (view === "junk" || view === "trash" ? view : undefined);

/** A conversation with its messages, oldest first. The live feed keeps it up to date. */
export const threadQuery = (threadId: string, view: View) =>
  queryOptions({
    queryKey: ["thread", threadId, folderOf(view) ?? "shown"],
    queryFn: ({ signal }) => {
      const folder = folderOf(view);
      const query = folder ? { folder } : {};
      return take(
        api.GET("/threads/{thread_id}", { params: { path: { thread_id: threadId }, query }, signal }),
      );
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** A message's body as a document for a sandboxed frame. @param images whether it may load remote images */
export const bodyQuery = (messageId: string, images: boolean) =>
  queryOptions({
    queryKey: ["body", messageId, images],
    queryFn: ({ signal }) =>
      take(
        api.GET("/messages/{message_id}/html", {
          params: { path: { message_id: messageId }, query: images ? { images: "1" as const } : {} },
          parseAs: "text",
          signal,
        }),
      ),
    // The addresses of its inline images are valid for an hour.
    staleTime: 45 * 60_000,
  });

/** Reads a conversation before it is opened, with the body of its last message, so that opening it waits for nothing. */
export async function prefetchThread(threadId: string, view: View): Promise<void> {
  const thread = await queries.fetchQuery(threadQuery(threadId, view)).catch(() => null);
  const last = thread?.messages.at(-1);
  if (!last?.body_html?.trim()) return;
  await queries.prefetchQuery(bodyQuery(last.id, loadsImages(last)));
}

/** Whether a message's images are loaded unasked: its sender is trusted, and it is not junk in their name. */
export const loadsImages = ({ from_address, folder, body_html }: Schemas["MessageResponse"]): boolean =>
  folder !== "junk" && isTrusted(from_address) && hasRemoteImages(body_html ?? "");
