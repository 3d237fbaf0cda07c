import { Hono } from "hono";
import { limitOpen } from "../../platform/rate-limit.ts";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { HubEnv, OpenEnv } from "../context.ts";
import { ListQuery, pageOf } from "../lists.ts";
import { limit, sendList } from "../requests/middleware.ts";
import { getPerson, getPublicProfile } from "./find.ts";
import { KeyParam, PersonParam, UsernameParam } from "./schemas.ts";
import { searchPeople } from "./search.ts";

/** People, for who is signed in. */
export const discovery = () =>
  new Hono<HubEnv>({ strict: false })
    .get(
      "/search/:key",
      responds(200, "PersonListResponse"),
      limit("profile_search"),
      valid("param", KeyParam),
      valid("query", ListQuery),
      async (c) => {
        const page = pageOf(c.req.valid("query"));
        const people = await searchPeople(c.var.ctx, c.req.valid("param").key);
        const items = people.slice(page.offset, page.offset + page.limit);
        return sendList(c, page, { items, total: people.length });
      },
    )
    .get(
      "/user/:pk{[0-9]{1,15}}",
      responds(200, "PersonResponse"),
      valid("param", PersonParam),
      valid("query", noQuery),
      async (c) => c.json(await getPerson(c.var.ctx, c.req.valid("param").pk)),
    );

/** Public profiles: open to all. A token may be sent, so that blocks hold. */
export const publicProfiles = () =>
  new Hono<OpenEnv>({ strict: false }).get(
    "/:username",
    limitOpen,
    responds(200, "PublicProfileResponse"),
    limit("public_profile"),
    valid("param", UsernameParam),
    valid("query", noQuery),
    async (c) => c.json(await getPublicProfile(c.var.ctx, c.req.valid("param").username)),
  );
