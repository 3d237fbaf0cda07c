import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { HubEnv } from "../context.ts";
import { ListQuery, pageOf } from "../lists.ts";
import { body, sendList } from "../requests/middleware.ts";
import { addContact, changeContact, removeContact } from "./change.ts";
import { getContact, listContacts } from "./list.ts";
import { ContactCreate, ContactParam, ContactPatch, ContactUpdate } from "./schemas.ts";

const MOST_LISTED = 1000;
const PK = "/:pk{[0-9]{1,15}}";

export const contacts = () => {
  const param = valid("param", ContactParam);
  return new Hono<HubEnv>({ strict: false })
    .get("/", responds(200, "ContactListResponse"), valid("query", ListQuery), async (c) => {
      const page = pageOf(c.req.valid("query"), MOST_LISTED);
      return sendList(c, page, await listContacts(c.var.ctx, page));
    })
    .post("/", responds(201, "ContactResponse"), body(ContactCreate), async (c) =>
      c.json(await addContact(c.var.ctx, c.req.valid("json")), 201),
    )
    .get(PK, responds(200, "ContactResponse"), param, valid("query", noQuery), async (c) =>
      c.json(await getContact(c.var.ctx, c.req.valid("param").pk)),
    )
    .put(PK, responds(200, "ContactResponse"), param, body(ContactUpdate), async (c) =>
      c.json(await changeContact(c.var.ctx, c.req.valid("param").pk, c.req.valid("json"))),
    )
    .patch(PK, responds(200, "ContactResponse"), param, body(ContactPatch), async (c) =>
      c.json(await changeContact(c.var.ctx, c.req.valid("param").pk, c.req.valid("json"))),
    )
    .delete(PK, responds(204, null), param, async (c) => {
      await removeContact(c.var.ctx, c.req.valid("param").pk);
      return c.body(null, 204);
    });
};
