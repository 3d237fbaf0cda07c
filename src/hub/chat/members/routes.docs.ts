import type { RouteDocs } from "../../../platform/docs.ts";
import { UUID } from "../../fields.ts";

const refused = (description: string) => ({ 403: { description, schemas: ["RefusedResponse"] } });
const ROOM = `/api/chat/members/:room_id{${UUID}}`;

const ownerOnly = refused("You do not own the group, or it is a private chat.");
const other = "Yourself, or somebody who is no member.";

export const docs: RouteDocs = {
  [`GET ${ROOM}/list_members`]: {
    id: "listMembers",
    summary: "List the members of a room",
    description:
      "The owner, the admins, the others, each as they came; without `page`, at most 1,000. Somebody with whom you have a block is named by the id alone.",
  },
  [`POST ${ROOM}/join`]: {
    id: "joinRoom",
    summary: "Join a group",
    description: "Whoever has its id may. A group has no limit of members.",
    responses: {
      201: "Joined.",
      400: "You are a member.",
      ...refused("It is a private chat, or you were removed: then somebody must add you."),
    },
  },
  [`POST ${ROOM}/leave`]: {
    id: "leaveRoom",
    summary: "Leave a group",
    description: "Its owner leaves only alone, and the group ends. A private chat is deleted instead.",
    responses: refused("You own the group and others are in it, or it is a private chat."),
  },
  [`POST ${ROOM}/set_admin`]: {
    id: "setAdmin",
    summary: "Make a member an admin",
    description: "Repeating it changes nothing.",
    responses: { 400: other, ...ownerOnly },
  },
  [`POST ${ROOM}/remove_admin`]: {
    id: "removeAdmin",
    summary: "Make an admin a plain member",
    description: "Repeating it changes nothing.",
    responses: { 400: other, ...ownerOnly },
  },
  [`POST ${ROOM}/transfer_owner`]: {
    id: "transferRoom",
    summary: "Give a group to another member",
    description: "You are an admin from then on.",
    responses: { 400: other, ...ownerOnly },
  },
  [`POST ${ROOM}/add_member`]: {
    id: "addMember",
    summary: "Add somebody to a group",
    description: "Also somebody who was removed. A private profile can be added by its contacts alone.",
    responses: {
      400: "A member, somebody whom you do not see, or a private profile that does not have you as contact.",
      ...refused("You are neither the owner nor an admin, or it is a private chat."),
    },
  },
  [`POST ${ROOM}/remove_member`]: {
    id: "removeMember",
    summary: "Remove a member from a group",
    description: "Their sockets close at once, and they cannot join by themselves any more.",
    responses: {
      400: other,
      ...refused(
        "You are neither the owner nor an admin, or an admin and the other is no plain member, or it is a private chat.",
      ),
    },
  },
};
