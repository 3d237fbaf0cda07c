import { Hono } from "hono";
import type { GrantApi } from "../http/api.ts";
import type { Grant } from "../store/store.ts";
import { mailboxOf } from "../store/store.ts";
import { ROLES, systemFolder } from "../store/system-folders.ts";
import type { World } from "../store/world.ts";

/** System folders, folders of the control API, then all other folders that contain messages. */
export function foldersOf(world: World, grant: Grant) {
  const mailbox = mailboxOf(world.store, grant.id);
  const messages = [...mailbox.messages.values()];
  const system = new Map(ROLES.map((role) => [systemFolder(grant, role).id, systemFolder(grant, role)]));
  const ids = new Set([
    ...system.keys(),
    ...mailbox.folders.keys(),
    ...messages.flatMap((message) => message.folders),
  ]);
  return [...ids].map((id) => {
    const inside = messages.filter((message) => message.folders.includes(id));
    const known = system.get(id);
    return {
      id,
      grant_id: grant.id,
      name: known?.name ?? id,
      object: "folder",
      system_folder: known !== undefined,
      attributes: known === undefined ? [] : [known.attribute],
      total_count: inside.length,
      unread_count: inside.filter((message) => message.unread).length,
      child_count: 0,
      ...mailbox.folders.get(id),
    };
  });
}

/** List of folders. */
export function folderRoutes(world: World): Hono<GrantApi> {
  const routes = new Hono<GrantApi>();

  routes.get("/", (c) => {
    const data = foldersOf(world, c.get("grant"));
    return c.json({ request_id: c.get("requestId"), data });
  });

  return routes;
}
