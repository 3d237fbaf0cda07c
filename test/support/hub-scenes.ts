import { expect } from "vitest";
import { createRoom, listen, say } from "./chat.ts";
import { unique } from "./client.ts";
import { auth, begin, codeOf, idToken, newAddress, newEmail, PASSWORD, register } from "./hub-auth.ts";
import { createPerson, hubDb, type Person } from "./hub-client.ts";
import type { Operation } from "./hub-contract.ts";
import { lastMailTo } from "./hub-mail.ts";
import { png } from "./pictures.ts";
import { waitFor } from "./wait.ts";

// A request of each operation of the contract. Ids, e-mails and codes of the examples are replaced by those of something
// that is there.

/** One request: who sends it, and what it has in place of the example. */
export interface Call {
  /** Null for nobody. */
  by: Person | null;
  /** In the place of the path's parameter. */
  id?: string | number;
  /** Fields in place of the example's. */
  fields?: Record<string, unknown>;
  query?: string;
  from?: string;
}

export type Scene = () => Promise<Call>;

const person = (): Promise<Person> => createPerson({ first_name: "John", last_name: "Doe" });
const by = async (): Promise<Call> => ({ by: await person() });
const picture = () => new File([png()], "picture.png", { type: "image/png" });

/** A person, and the id of what they have made. */
async function made<T extends { id: string | number }>(
  make: (owner: Person) => Promise<{ body: T }>,
  call: (owner: Person, body: T) => Partial<Call> | Promise<Partial<Call>> = () => ({}),
): Promise<Call> {
  const owner = await person();
  const { body } = await make(owner);
  return { by: owner, id: body.id, ...(await call(owner, body)) };
}

const newPost = (owner: Person) =>
  owner.form("POST", "/api/posts/post/", { content: "Salom", images: [picture()] });
const newStory = (owner: Person) =>
  owner.form("POST", "/api/stories/active/", { media: picture(), caption: "Salom", audience: "public" });
const onPost =
  (path: string, more: object = {}) =>
  async (owner: Person) =>
    owner.call("POST", `/api/posts/${path}/`, { post: (await newPost(owner)).body.id, ...more });
const comment = onPost("comment", { comment: "Great post!" });

/** A story that somebody else may see. */
async function anothersStory(
  call: (viewer: Person, story: number) => Partial<Call> | Promise<Partial<Call>>,
): Promise<Call> {
  const viewer = await person();
  const { body } = await newStory(await person());
  return { by: viewer, ...(await call(viewer, body.id)) };
}

async function archived(): Promise<Call> {
  const call = await made(newStory);
  await hubDb
    .prepare("UPDATE hub_stories SET created_at = created_at - 86400001 WHERE id = ?")
    .bind(call.id)
    .run();
  return call;
}

const contact = async (owner: Person) =>
  owner.call("POST", "/api/accounts/account/contact/", {
    contact: (await person()).id,
    nikname: "Best Friend",
  });

async function blocked(): Promise<Call> {
  const [owner, other] = [await person(), await person()];
  await owner.call("POST", "/api/accounts/account/block/", { blocked_user: other.id });
  return { by: owner, id: other.id };
}

const withStatus = () =>
  made((owner) => owner.call("POST", "/api/accounts/account/status/", { content: "Busy" }));
const withLocation = () =>
  made((owner) => owner.call("POST", "/api/accounts/account/location/", { lat: "41.2995", long: "69.2401" }));

/** A group of the caller, with somebody else. */
const inGroup = async (
  call: (owner: Person, other: Person, room: string) => Partial<Call> | Promise<Partial<Call>>,
) => {
  const [owner, other] = [await person(), await person()];
  const room = await createRoom([owner, other]);
  return { by: owner, id: room, ...(await call(owner, other, room)) };
};
const onMember = () => inGroup((_, other) => ({ fields: { user_id: other.id } }));
const onOutsider = () => inGroup(async () => ({ fields: { user_id: (await person()).id } }));
const ownGroup = () => inGroup(() => ({}));
const asOther = () => inGroup((_, other) => ({ by: other }));
const said = (id?: (message: string) => string) =>
  inGroup(async (owner, _, room) => {
    const message = (await say(await listen(owner, room), "Hello everyone!")).id;
    return id ? { id: id(message) } : {};
  });

const uploaded = () =>
  made((owner) => owner.form("POST", "/api/chat/files/", { file: picture(), file_type: "document" }));

/** Begins what a code confirms. */
async function withCode(path: string, fields: (owner: Person) => { new_email?: string }): Promise<Call> {
  const owner = await person();
  const sent = fields(owner);
  await owner.call("POST", `/api/accounts/account/${path}/`, { password: PASSWORD, ...sent });
  const { values } = await lastMailTo(sent.new_email ?? owner.email);
  return { by: owner, fields: { code: values.code } };
}

/** By the names of the contract's operations. Each makes people and things of its own. */
export const SCENES: Record<string, Scene> = {
  "POST /api/accounts/auth/signup/": async () => ({ by: null, fields: { email: newEmail() } }),
  "POST /api/accounts/auth/email-verify/": async () => {
    const [email, from] = [newEmail(), newAddress()];
    await begin(email, from);
    return { by: null, from, fields: { code: await codeOf(email) } };
  },
  "POST /api/accounts/auth/signin/": async () => ({
    by: null,
    fields: { email: await register(), password: PASSWORD },
  }),
  "POST /api/accounts/auth/oauth2/google/": async () => ({
    by: null,
    fields: { token: await idToken({ sub: `${unique()}`, email: newEmail() }) },
  }),
  "POST /api/accounts/auth/forgot-password/": async () => ({ by: null, fields: { email: await register() } }),
  "POST /api/accounts/auth/reset-password/<reset_link>/": async () => {
    const email = await register();
    await auth("forgot-password/", { email });
    // The mail is written after the response.
    const { values } = await waitFor(async () => {
      const mail = await lastMailTo(email);
      expect(mail.kind).toBe("reset-link");
      return mail;
    });
    return { by: null, id: /([^/]+)\/?$/.exec(values.link ?? "")?.[1] ?? "" };
  },
  "GET /api/accounts/account/profile/": async () => {
    const call = await withLocation();
    await call.by?.call("POST", "/api/accounts/account/status/", { content: "Busy" });
    await call.by?.form("PATCH", "/api/accounts/account/profile/", { profile_picture: picture() });
    return call;
  },
  "PATCH /api/accounts/account/profile/": async () => ({
    ...(await by()),
    fields: { username: `john${unique()}` },
  }),
  "GET /api/accounts/account/check/username/": async () => ({ ...(await by()), query: "username=johndoe" }),
  "POST /api/accounts/account/change-email/": async () => ({
    ...(await by()),
    fields: { new_email: newEmail() },
  }),
  "POST /api/accounts/account/change-email/confirm/": () =>
    withCode("change-email", () => ({ new_email: newEmail() })),
  "POST /api/accounts/account/delete/": by,
  "POST /api/accounts/account/delete/confirm/": () => withCode("delete", () => ({})),
  "GET /api/accounts/account/search/<key>/": async () => {
    const owner = await person();
    await owner.call("PATCH", "/api/accounts/account/profile/", { username: `john${unique()}` });
    return { ...(await by()), id: "john" };
  },
  "GET /api/accounts/account/user/<pk>/": async () => ({ ...(await by()), id: (await person()).id }),
  "GET /api/accounts/account/profile/<username>/": async () => ({ by: null, id: (await person()).username }),
  "POST /api/accounts/account/location/": by,
  "PUT /api/accounts/account/location/": withLocation,
  "DELETE /api/accounts/account/location/": withLocation,
  "GET /api/accounts/account/location/<distance>/": async () => {
    await withLocation();
    return { ...(await withLocation()), id: "5.0" };
  },
  "GET /api/accounts/account/block/": blocked,
  "POST /api/accounts/account/block/": async () => ({
    ...(await by()),
    fields: { blocked_user: (await person()).id },
  }),
  "GET /api/accounts/account/block/<pk>/": blocked,
  "DELETE /api/accounts/account/block/<pk>/": blocked,
  "GET /api/accounts/account/status/": withStatus,
  "POST /api/accounts/account/status/": by,
  "PUT /api/accounts/account/status/": withStatus,
  "DELETE /api/accounts/account/status/": withStatus,
  "GET /api/accounts/account/contact/": () => made(contact),
  "POST /api/accounts/account/contact/": async () => ({
    ...(await by()),
    fields: { contact: (await person()).id },
  }),
  "GET /api/accounts/account/contact/<pk>/": () => made(contact),
  "PUT /api/accounts/account/contact/<pk>/": () =>
    made(contact, (_, body) => ({ fields: { contact: (body as unknown as { contact: number }).contact } })),
  "PATCH /api/accounts/account/contact/<pk>/": () => made(contact),
  "DELETE /api/accounts/account/contact/<pk>/": () => made(contact),
  "GET /api/accounts/admin/user/": async () => ({ by: await createPerson({ is_staff: 1 as never }) }),
  "GET /api/accounts/admin/user/<pk>/": async () => ({
    by: await createPerson({ is_staff: 1 as never }),
    id: (await person()).id,
  }),
  "DELETE /api/accounts/admin/user/<pk>/": async () => ({
    by: await createPerson({ is_staff: 1 as never }),
    id: (await person()).id,
  }),
  "GET /api/posts/post/": () => made(newPost),
  "POST /api/posts/post/": by,
  "GET /api/posts/post/<id>/": () => made(newPost),
  "PATCH /api/posts/post/<id>/": () => made(newPost),
  "DELETE /api/posts/post/<id>/": () => made(newPost),
  "POST /api/posts/like/": () => made(newPost, (_, { id }) => ({ fields: { post: id } })),
  "DELETE /api/posts/like/<id>/": () => made(onPost("like")),
  "GET /api/posts/<post_id>/likes/": () => made(onPost("like"), (_, body) => ({ id: postOf(body) })),
  "POST /api/posts/comment/": () => made(newPost, (_, { id }) => ({ fields: { post: id } })),
  "PATCH /api/posts/comment/<id>/": () => made(comment),
  "DELETE /api/posts/comment/<id>/": () => made(comment),
  "GET /api/posts/<post_id>/comments/": () => made(comment, (_, body) => ({ id: postOf(body) })),
  "POST /api/posts/views/": () => made(newPost, (_, { id }) => ({ fields: { post: id } })),
  "GET /api/posts/<post_id>/views/": () => made(onPost("views"), (_, body) => ({ id: postOf(body) })),
  "GET /api/stories/active/": () => made(newStory),
  "POST /api/stories/active/": async () => ({
    ...(await by()),
    fields: { marked: [(await person()).id, (await person()).id] },
  }),
  "GET /api/stories/active/<id>/": () => made(newStory),
  "PATCH /api/stories/active/<id>/": () => made(newStory),
  "DELETE /api/stories/active/<id>/": () => made(newStory),
  "GET /api/stories/active/<user_id>/stories/": () => made(newStory, (owner) => ({ id: owner.id })),
  "GET /api/stories/archive/": archived,
  "GET /api/stories/archive/<pk>/": archived,
  "DELETE /api/stories/archive/<pk>/": archived,
  "POST /api/stories/reaction/": () => anothersStory((_, story) => ({ fields: { story } })),
  "PATCH /api/stories/reaction/<id>/": () => anothersStory(reacted),
  "DELETE /api/stories/reaction/<id>/": () => anothersStory(reacted),
  "POST /api/stories/viewed/": () =>
    anothersStory((viewer, story) => ({ fields: { story, viewer: viewer.id } })),
  "GET /api/chat/rooms/": ownGroup,
  "POST /api/chat/rooms/": async () => ({
    ...(await by()),
    fields: { username: `team_${unique()}`, members: [(await person()).id, (await person()).id] },
  }),
  "GET /api/chat/rooms/<id>/": ownGroup,
  "PATCH /api/chat/rooms/<id>/": ownGroup,
  "DELETE /api/chat/rooms/<id>/": ownGroup,
  "POST /api/chat/rooms/<pk>/clear_messages/": ownGroup,
  "GET /api/chat/members/<room_id>/list_members/": ownGroup,
  "POST /api/chat/members/<room_id>/join/": () => inGroup(async () => ({ by: await person() })),
  "POST /api/chat/members/<room_id>/leave/": asOther,
  "POST /api/chat/members/<room_id>/set_admin/": onMember,
  "POST /api/chat/members/<room_id>/remove_admin/": onMember,
  "POST /api/chat/members/<room_id>/transfer_owner/": onMember,
  "POST /api/chat/members/<room_id>/add_member/": onOutsider,
  "POST /api/chat/members/<room_id>/remove_member/": onMember,
  "GET /api/chat/message/<room_id>/list_by_room/": () => said(),
  "DELETE /api/chat/message/<id>/": () => said((message) => message),
  "GET /api/chat/files/": uploaded,
  "POST /api/chat/files/": by,
  "DELETE /api/chat/files/<id>/": uploaded,
  "GET /api/comments/comment": async () => {
    await hubDb.exec("INSERT INTO hub_comments (content, created_at) VALUES ('Salom', 1)");
    return { by: null };
  },
  "POST /api/comments/comment": async () => ({ by: null }),
};

const postOf = (body: unknown): string => (body as { post: string }).post;

const reacted = async (viewer: Person, story: number): Promise<Partial<Call>> => ({
  id: (await viewer.call("POST", "/api/stories/reaction/", { story, reaction: "❤️" })).body.id,
});

const isFile = (value: unknown): boolean => /^<\w+>$/.test(String([value].flat()[0]));

/** What needs a file. */
const UPLOADS = ["POST /api/stories/active/", "POST /api/chat/files/"];

export type Kind = "JSON" | "a form" | "multipart";

/** The kinds of bodies that a request can have: a story needs a file. */
export const kindsOf = ({ request, name }: Operation): Kind[] => {
  if (request === undefined) return ["JSON"];
  return UPLOADS.includes(name) ? ["multipart"] : ["JSON", "a form", "multipart"];
};

function bodyOf(fields: Record<string, unknown>, kind: Kind): { body: BodyInit; type?: string } {
  const kept = Object.entries(fields).filter(([, value]) => kind === "multipart" || !isFile(value));
  if (kind === "JSON") return { body: JSON.stringify(Object.fromEntries(kept)), type: "application/json" };
  const body = kind === "multipart" ? new FormData() : new URLSearchParams();
  for (const [name, value] of kept.filter(([, value]) => value !== null))
    for (const each of [value].flat()) body.append(name, (isFile(each) ? picture() : String(each)) as string);
  return { body };
}

/** Makes the request of a scene. @param slash what the path ends with */
export function requestOf(
  { method, path, request }: Operation,
  call: Call,
  kind: Kind,
  slash: string,
): Request {
  const { by, id, fields = {}, query, from } = call;
  const bare = path.replace(/<\w+>/, encodeURIComponent(String(id))).replace(/\/$/, "");
  const { body = null, type } =
    request === undefined ? {} : bodyOf({ ...(request as object), ...fields }, kind);
  const headers = {
    "cf-connecting-ip": from ?? newAddress(),
    ...(by ? { authorization: `Bearer ${by.token}` } : {}),
    ...(type ? { "content-type": type } : {}),
  };
  const url = `https://xabar.test${bare}${slash}${query ? `?${query}` : ""}`;
  return new Request(url, { method, headers, body });
}
