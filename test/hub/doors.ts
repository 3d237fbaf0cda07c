import type { Person } from "../support/hub-client.ts";

// Every door that shows a person or what is theirs, and who must see something behind it. The test asks each door for
// each relation of a viewer to an owner. Add every new route here, or to SHOWS_NOBODY with the reason.

/** What the viewer and the owner are to each other. All is false unless it is named. */
export interface Relation {
  name: string;
  /** The owner has the viewer as contact. */
  isContact?: true;
  /** The viewer has the owner as contact. */
  hasOwner?: true;
  /** The owner has blocked the viewer. */
  isBlocked?: true;
  /** The viewer has blocked the owner. */
  hasBlocked?: true;
  /** The owner's profile is private. */
  isPrivate?: true;
  /** The deletion of the owner's account has begun. */
  isGone?: true;
  /** The viewer is staff. */
  isStaff?: true;
  /** The viewer is not signed in. */
  isAnonymous?: true;
}

export const RELATIONS: Relation[] = [
  { name: "a stranger" },
  { name: "a contact of the owner", isContact: true },
  { name: "one who has the owner as contact", hasOwner: true },
  { name: "one whom the owner has blocked", isBlocked: true },
  { name: "one who has blocked the owner", hasBlocked: true },
  { name: "one who has blocked and is blocked", isBlocked: true, hasBlocked: true },
  // A block removes contacts. Should a row be left, the block still counts.
  { name: "a contact of the owner, but blocked", isContact: true, hasOwner: true, isBlocked: true },
  { name: "a contact of the owner who has blocked", isContact: true, hasOwner: true, hasBlocked: true },
  { name: "a stranger to a private profile", isPrivate: true },
  { name: "a contact of a private profile", isPrivate: true, isContact: true },
  { name: "one who has a private profile as contact", isPrivate: true, hasOwner: true },
  { name: "one whom a private profile has blocked", isPrivate: true, isBlocked: true },
  { name: "a contact of one being deleted", isGone: true, isContact: true, hasOwner: true },
  { name: "staff", isStaff: true },
  { name: "staff to a private profile", isStaff: true, isPrivate: true },
  { name: "staff whom the owner has blocked", isStaff: true, isBlocked: true },
  { name: "somebody not signed in", isAnonymous: true },
  { name: "somebody not signed in, to a private profile", isAnonymous: true, isPrivate: true },
  { name: "somebody not signed in, to one being deleted", isAnonymous: true, isGone: true },
];

/** The rule, in words that no query shares. */
const isThere = (it: Relation): boolean => !it.isGone && !it.isBlocked && !it.hasBlocked;
const seesPerson = (it: Relation): boolean => !it.isAnonymous && isThere(it);
const seesThings = (it: Relation): boolean => seesPerson(it) && (!it.isPrivate || it.isContact === true);

/** What a test has made: the owner has posted, told, liked, commented, seen and reacted. */
export interface World {
  owner: Person;
  /** Somebody whom both see. */
  third: Person;
  /** Of the owner. */
  post: string;
  story: number;
  /** A URL of the story's file, signed for the viewer. */
  media: string;
  /** Of the viewer, with marks of the owner. */
  viewersPost: string;
  viewersStory: number;
  /** Of the third person, with marks of the owner. */
  thirdsPost: string;
  thirdsStory: number;
  /** A group of the third person, with a message of the owner; one of the viewer alone; the private room of the two. */
  group: string;
  viewersGroup: string;
  direct: string;
  /** The viewer's own row, if there is one. */
  contact: number;
}

export interface Door {
  /** A registered route; every parameter is called `:id`. */
  route: string;
  /** Where there are several doors at one route. */
  what?: string;
  path(world: World): string;
  body?(world: World): object;
  /** Whether the answer shows the owner, or does something with what is theirs. */
  shows(body: unknown, world: World): boolean;
  mustShow(relation: Relation): boolean;
}

/** Whether a list has an item with this value. */
const has = (body: unknown, field: string, value: unknown): boolean =>
  Array.isArray(body) && body.some((item) => valueAt(item, field) === value);

const valueAt = (item: unknown, field: string): unknown =>
  field.split(".").reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], item);

/** The owner's username is nowhere else: whatever names it shows the owner. */
const names = (body: unknown, { owner }: World): boolean => JSON.stringify(body).includes(owner.username);
const isDone = (): boolean => true;

export const DOORS: Door[] = [
  {
    route: "GET /api/accounts/account/search/:id",
    path: ({ owner }) => `/api/accounts/account/search/${owner.username}/`,
    shows: (body, { owner }) => has(body, "id", owner.id),
    mustShow: seesPerson,
  },
  {
    route: "GET /api/accounts/account/user/:id",
    path: ({ owner }) => `/api/accounts/account/user/${owner.id}/`,
    shows: names,
    mustShow: seesPerson,
  },
  {
    route: "GET /api/accounts/account/profile/:id",
    path: ({ owner }) => `/api/accounts/account/profile/${owner.username}/`,
    shows: names,
    mustShow: isThere,
  },
  {
    route: "GET /api/accounts/account/location/:id",
    path: () => "/api/accounts/account/location/5/",
    shows: names,
    mustShow: seesThings,
  },
  {
    route: "GET /api/accounts/admin/user",
    path: () => "/api/accounts/admin/user/",
    shows: names,
    // Staff looks after all accounts, also after those that have blocked it.
    mustShow: (it) => it.isStaff === true,
  },
  {
    route: "GET /api/accounts/admin/user/:id",
    path: ({ owner }) => `/api/accounts/admin/user/${owner.id}/`,
    shows: names,
    mustShow: (it) => it.isStaff === true,
  },
  {
    route: "GET /api/accounts/account/block",
    path: () => "/api/accounts/account/block/",
    shows: (body, { owner }) => has(body, "blocked_user.id", owner.id),
    mustShow: (it) => it.hasBlocked === true && !it.isGone,
  },
  {
    route: "GET /api/accounts/account/block/:id",
    path: ({ owner }) => `/api/accounts/account/block/${owner.id}/`,
    shows: names,
    mustShow: (it) => it.hasBlocked === true && !it.isGone,
  },
  {
    route: "GET /api/accounts/account/contact",
    path: () => "/api/accounts/account/contact/",
    shows: (body, { owner }) => has(body, "contact", owner.id),
    mustShow: (it) => it.hasOwner === true && seesPerson(it),
  },
  {
    route: "GET /api/accounts/account/contact/:id",
    path: ({ contact }) => `/api/accounts/account/contact/${contact}/`,
    shows: (body, { owner }) => valueAt(body, "contact") === owner.id,
    mustShow: (it) => it.hasOwner === true && seesPerson(it),
  },
  {
    route: "GET /api/posts/post",
    path: () => "/api/posts/post/",
    shows: (body, { post, owner }) => has(body, "id", post) || has(body, "owner.id", owner.id),
    mustShow: seesThings,
  },
  {
    route: "GET /api/posts/post/:id",
    path: ({ post }) => `/api/posts/post/${post}/`,
    shows: names,
    mustShow: seesThings,
  },
  ...(["likes", "comments", "views"] as const).flatMap((list): Door[] => [
    {
      route: `GET /api/posts/:id/${list}`,
      what: "of the owner's post, by a third person",
      path: ({ post }) => `/api/posts/${post}/${list}/`,
      shows: (body, { third }) => list === "views" || has(body, "owner.id", third.id),
      mustShow: seesThings,
    },
    {
      route: `GET /api/posts/:id/${list}`,
      what: "of the viewer's post, by the owner",
      path: ({ viewersPost }) => `/api/posts/${viewersPost}/${list}/`,
      shows: names,
      mustShow: seesPerson,
    },
    {
      route: `GET /api/posts/:id/${list}`,
      what: "of a third person's post, by the owner",
      path: ({ thirdsPost }) => `/api/posts/${thirdsPost}/${list}/`,
      shows: names,
      // Views are for the post's owner, and each viewer's own.
      mustShow: (it) => list !== "views" && seesPerson(it),
    },
  ]),
  {
    route: "GET /api/stories/active/:id",
    path: ({ story }) => `/api/stories/active/${story}/`,
    shows: names,
    mustShow: seesThings,
  },
  {
    route: "GET /api/stories/active/:id/stories",
    path: ({ owner }) => `/api/stories/active/${owner.id}/stories/`,
    shows: names,
    mustShow: seesThings,
  },
  {
    route: "GET /api/stories/active",
    what: "of whom the viewer's own story marks",
    path: () => "/api/stories/active/",
    shows: (body, { owner, viewersStory }) =>
      (body as { id: number; marked: number[] }[]).some(
        ({ id, marked }) => id === viewersStory && marked.includes(owner.id),
      ),
    mustShow: seesPerson,
  },
  ...(["viewed", "reaction"] as const).flatMap((list): Door[] => [
    {
      route: `GET /api/stories/${list}`,
      what: "of the viewer's story, by the owner",
      path: ({ viewersStory }) => `/api/stories/${list}/?story=${viewersStory}`,
      shows: (body, { owner }) => has(body, list === "viewed" ? "viewer" : "user", owner.id),
      mustShow: seesPerson,
    },
    {
      route: `GET /api/stories/${list}`,
      what: "of a third person's story",
      path: ({ thirdsStory }) => `/api/stories/${list}/?story=${thirdsStory}`,
      shows: isDone,
      mustShow: () => false,
    },
    {
      route: `GET /api/stories/${list}`,
      what: "of the owner's story",
      path: ({ story }) => `/api/stories/${list}/?story=${story}`,
      shows: isDone,
      mustShow: () => false,
    },
  ]),
  {
    route: "GET /media/:id",
    what: "of a story, by a URL signed for the viewer",
    path: ({ media }) => media,
    shows: isDone,
    // The signature stands for the token, which `<img>` does not send.
    mustShow: ({ isAnonymous: _, ...it }) => seesThings(it),
  },
  {
    route: "GET /api/chat/rooms",
    path: () => "/api/chat/rooms/",
    shows: names,
    mustShow: seesPerson,
  },
  ...(["group", "direct"] as const).flatMap((room): Door[] => [
    {
      route: "GET /api/chat/rooms/:id",
      what: room,
      path: (world) => `/api/chat/rooms/${world[room]}/`,
      shows: names,
      mustShow: seesPerson,
    },
    {
      route: "GET /api/chat/members/:id/list_members",
      what: room,
      path: (world) => `/api/chat/members/${world[room]}/list_members/`,
      shows: names,
      mustShow: seesPerson,
    },
  ]),
  {
    route: "GET /api/chat/message/:id/list_by_room",
    path: ({ group }) => `/api/chat/message/${group}/list_by_room/`,
    shows: names,
    mustShow: seesPerson,
  },
  {
    route: "POST /api/chat/rooms",
    what: "the private one, which is there",
    path: () => "/api/chat/rooms/",
    body: ({ owner }) => ({ room_type: "private", members: [owner.id] }),
    shows: names,
    mustShow: seesPerson,
  },
  {
    route: "POST /api/chat/rooms",
    what: "a group with the owner",
    path: () => "/api/chat/rooms/",
    body: ({ owner }) => ({ room_type: "group", name: "x", members: [owner.id] }),
    shows: isDone,
    mustShow: seesThings,
  },
  {
    route: "POST /api/chat/members/:id/add_member",
    path: ({ viewersGroup }) => `/api/chat/members/${viewersGroup}/add_member/`,
    body: ({ owner }) => ({ user_id: owner.id }),
    shows: isDone,
    mustShow: seesThings,
  },
  ...(["like", "views"] as const).map(
    (action): Door => ({
      route: `POST /api/posts/${action}`,
      path: () => `/api/posts/${action}/`,
      body: ({ post }) => ({ post }),
      shows: isDone,
      mustShow: seesThings,
    }),
  ),
  {
    route: "POST /api/posts/comment",
    path: () => "/api/posts/comment/",
    body: ({ post }) => ({ post, comment: "Hello" }),
    shows: isDone,
    mustShow: seesThings,
  },
  {
    route: "POST /api/stories/viewed",
    path: () => "/api/stories/viewed/",
    body: ({ story }) => ({ story }),
    shows: isDone,
    mustShow: seesThings,
  },
  {
    route: "POST /api/stories/reaction",
    path: () => "/api/stories/reaction/",
    body: ({ story }) => ({ story, reaction: "❤️" }),
    shows: isDone,
    mustShow: seesThings,
  },
  // The last two change the relation.
  {
    route: "POST /api/accounts/account/contact",
    path: () => "/api/accounts/account/contact/",
    body: ({ owner }) => ({ contact: owner.id }),
    shows: isDone,
    mustShow: (it) => seesPerson(it) && !it.hasOwner,
  },
  {
    route: "POST /api/accounts/account/block",
    path: () => "/api/accounts/account/block/",
    body: ({ owner }) => ({ blocked_user: owner.id }),
    shows: names,
    mustShow: seesPerson,
  },
];

/** Routes that read or create, and show nobody but the caller. PUT, PATCH and DELETE are for one's own rows only. */
export const SHOWS_NOBODY: Record<string, string> = {
  "GET /api/accounts/account/check/username": "tells only whether a name is free",
  "GET /api/accounts/account/profile": "one's own",
  "GET /api/accounts/account/status": "one's own",
  "GET /api/chat/files": "one's own",
  "GET /ws/chat/:id": "chat-socket.test.ts has whom it shows",
  "GET /api/comments/comment": "the open comments have no author",
  "GET /api/stories/archive": "one's own",
  "GET /api/stories/archive/:id": "one's own",
  "POST /api/accounts/account/change-email": "one's own",
  "POST /api/accounts/account/change-email/confirm": "one's own",
  "POST /api/accounts/account/delete": "one's own",
  "POST /api/accounts/account/delete/confirm": "one's own",
  "POST /api/accounts/account/location": "one's own",
  "POST /api/accounts/account/status": "one's own",
  "POST /api/accounts/auth/email-verify": "one's own",
  "POST /api/accounts/auth/forgot-password": "answers alike for all",
  "POST /api/accounts/auth/logout": "one's own",
  "POST /api/accounts/auth/oauth2/google": "one's own",
  "POST /api/accounts/auth/reset-password/:id": "one's own",
  "POST /api/accounts/auth/signin": "one's own",
  "POST /api/accounts/auth/signup": "one's own",
  "POST /api/accounts/auth/token/refresh": "one's own",
  "POST /api/chat/files": "one's own",
  "POST /api/chat/members/:id/join": "one's own",
  "POST /api/chat/members/:id/leave": "one's own",
  "POST /api/chat/members/:id/remove_admin": "answers alike for all members",
  "POST /api/chat/members/:id/remove_member": "answers alike for all members",
  "POST /api/chat/members/:id/set_admin": "answers alike for all members",
  "POST /api/chat/members/:id/transfer_owner": "answers alike for all members",
  "POST /api/chat/rooms/:id/clear_messages": "one's own room",
  "POST /api/chat/ticket": "one's own",
  "POST /api/comments/comment": "the open comments have no author",
  "POST /api/posts/post": "one's own",
  "POST /api/stories/active": "one's own; stories-audience.test.ts has whom it may mark",
};
