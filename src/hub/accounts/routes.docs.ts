import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /api/accounts/account/profile": {
    id: "getMyProfile",
    summary: "Get your profile",
    description: "With `location` and `status`, which are null until they are set.",
  },
  "PATCH /api/accounts/account/profile": {
    id: "updateMyProfile",
    summary: "Change your profile",
    description:
      "What is left out stays. An empty `phone` or `profile_picture` removes it. A username has 3 to 32 letters of a-z, digits, underscores and dots, and is unique in any case. A new `password` ends all other sessions, and mails the owner a link to set another.",
  },
  "GET /api/accounts/account/check/username": {
    id: "checkUsername",
    summary: "Check whether a username is free",
    description: "False also for the caller's own, and for what cannot be a username.",
  },
  "POST /api/accounts/account/change-email": {
    id: "changeEmail",
    summary: "Change your e-mail: request a code",
    description:
      "Mails a code to the new address. An account that signs in by Google alone needs no `password`.",
  },
  "POST /api/accounts/account/change-email/confirm": {
    id: "confirmEmailChange",
    summary: "Change your e-mail: confirm",
    description: "A code is good for 10 minutes and ends at the fifth wrong guess.",
  },
  "POST /api/accounts/account/delete": {
    id: "deleteMyAccount",
    summary: "Delete your account: request a code",
    description: "Mails a code. An account that signs in by Google alone needs no `password`.",
  },
  "POST /api/accounts/account/delete/confirm": {
    id: "confirmAccountDeletion",
    summary: "Delete your account: confirm",
    description:
      "Nobody sees the account any more, and its sessions end. Soon after, its posts, stories, files, likes and comments are erased, and e-mail and username are free.",
    responses: { 204: "Deleted." },
  },
  "GET /api/accounts/admin/user": {
    id: "listUsers",
    summary: "List all people",
    description: "For staff. Newest first.",
  },
  "GET /api/accounts/admin/user/:pk{[0-9]{1,15}}": {
    id: "getUser",
    summary: "Get a person",
    description: "For staff.",
  },
  "DELETE /api/accounts/admin/user/:pk{[0-9]{1,15}}": {
    id: "deleteUser",
    summary: "Delete a person's account",
    description: "For staff. One's own account is deleted by its owner's code.",
    responses: { 204: "Deleted." },
  },
};
