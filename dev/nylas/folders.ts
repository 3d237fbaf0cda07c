import { Hono } from "hono";
import { z } from "zod";
import type { GrantApi } from "./api.ts";
import { validBody } from "./api.ts";
import { invalidRequest, notFound } from "./errors.ts";
import { folderId } from "./ids.ts";
import { announceFolder, announceMessage } from "./notifications.ts";
import type { Grant, StoredFolder } from "./store.ts";
import { dropMessage, mailboxOf } from "./store.ts";
import { ROLES, systemFolder } from "./system-folders.ts";
import type { World } from "./world.ts";

const settings = z.object({
  name: z.string().min(1).max(1024),
  parent_id: z.string().exactOptional(),
  background_color: z.string().exactOptional(),
  text_color: z.string().exactOptional(),
});
const changes = settings.extend({ name: settings.shape.name.exactOptional() });

/** The system folders, those that a client made, then every other folder that a message of the grant is in. */
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
      child_count: [...mailbox.folders.values()].filter(({ parent_id }) => parent_id === id).length,
      ...mailbox.folders.get(id),
    };
  });
}

/** List, make, read, rename and delete, below a grant. */
export function folderRoutes(world: World): Hono<GrantApi> {
  const routes = new Hono<GrantApi>();

  routes.get("/", (c) => {
    const data = foldersOf(world, c.get("grant"));
    return c.json({ request_id: c.get("requestId"), data });
  });

  routes.post("/", (c) => {
    const grant = c.get("grant");
    const wanted = validBody(c.get("body"), settings);
    if (foldersOf(world, grant).some(({ name }) => name === wanted.name)) {
      throw invalidRequest(`a folder with that name exists: ${wanted.name}`);
    }
    const id = folderId(world.store, grant.provider, wanted.name);
    keepFolder(world, { ...wanted, id, grant_id: grant.id });
    const data = folderOf(world, grant, id);
    announceFolder(world, grant, "folder.created", data);
    return c.json({ request_id: c.get("requestId"), data });
  });

  routes.get("/:id", (c) => {
    const data = folderOf(world, c.get("grant"), c.req.param("id"));
    return c.json({ request_id: c.get("requestId"), data });
  });

  routes.put("/:id", (c) => {
    const grant = c.get("grant");
    const { id, name, grant_id } = ownFolderOf(world, grant, c.req.param("id"));
    const known = mailboxOf(world.store, grant_id).folders.get(id);
    keepFolder(world, { id, grant_id, name, ...known, ...validBody(c.get("body"), changes) });
    const data = folderOf(world, grant, id);
    announceFolder(world, grant, "folder.updated", data);
    return c.json({ request_id: c.get("requestId"), data });
  });

  // Nylas: the messages in it go with it.
  routes.delete("/:id", (c) => {
    const grant = c.get("grant");
    const folder = ownFolderOf(world, grant, c.req.param("id"));
    const mailbox = mailboxOf(world.store, grant.id);
    mailbox.folders.delete(folder.id);
    for (const message of mailbox.messages.values()) {
      if (!message.folders.includes(folder.id)) continue;
      dropMessage(world.store, message);
      announceMessage(world, message, "message.deleted");
    }
    announceFolder(world, grant, "folder.deleted", folder);
    return c.json({ request_id: c.get("requestId") });
  });

  return routes;
}

function keepFolder(world: World, folder: StoredFolder): void {
  mailboxOf(world.store, folder.grant_id).folders.set(folder.id, folder);
}

function folderOf(world: World, grant: Grant, id: string) {
  const folder = foldersOf(world, grant).find((candidate) => candidate.id === id);
  if (!folder) throw notFound();
  return folder;
}

function ownFolderOf(world: World, grant: Grant, id: string) {
  const folder = folderOf(world, grant, id);
  if (folder.system_folder) throw invalidRequest("system folders cannot be changed");
  return folder;
}
