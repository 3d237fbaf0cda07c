import { Hono } from "hono";
import type { GrantApi } from "./api.ts";
import { notFound } from "./errors.ts";
import type { Grant } from "./store.ts";
import { mailboxOf } from "./store.ts";
import type { World } from "./world.ts";

/** Folder id → its attribute; the ids are the same for every provider here. */
const SYSTEM_FOLDERS: Record<string, string> = {
  INBOX: "\\Inbox",
  SENT: "\\Sent",
  DRAFTS: "\\Drafts",
  ARCHIVE: "\\Archive",
  SPAM: "\\Junk",
  TRASH: "\\Trash",
};

/** The system folders, then every other folder that a message of the grant is in. */
export function foldersOf(world: World, grant: Grant) {
  const messages = [...mailboxOf(world.store, grant.id).messages.values()];
  const ids = new Set([...Object.keys(SYSTEM_FOLDERS), ...messages.flatMap((message) => message.folders)]);
  return [...ids].map((id) => {
    const inside = messages.filter((message) => message.folders.includes(id));
    const attribute = SYSTEM_FOLDERS[id];
    return {
      id,
      grant_id: grant.id,
      name: id,
      object: "folder",
      system_folder: attribute !== undefined,
      attributes: attribute === undefined ? [] : [attribute],
      total_count: inside.length,
      unread_count: inside.filter((message) => message.unread).length,
      child_count: 0,
    };
  });
}

/** GET only: mails make the folders. */
export function folderRoutes(world: World): Hono<GrantApi> {
  const routes = new Hono<GrantApi>();

  routes.get("/", (c) => {
    const data = foldersOf(world, c.get("grant"));
    return c.json({ request_id: c.get("requestId"), data });
  });

  routes.get("/:id", (c) => {
    const data = foldersOf(world, c.get("grant")).find((folder) => folder.id === c.req.param("id"));
    if (!data) throw notFound();
    return c.json({ request_id: c.get("requestId"), data });
  });

  return routes;
}
