import type { Texts } from "./index.ts";

export const uz: Texts = {
  "app.name": "Xabar",

  // Errors that are not the API's own sentences.
  "error.offline": "There is no connection. Nothing was changed",
  "error.unknown": "Something went wrong on this page. Reload it",
  "error.retry": "Try again",
  "error.chunk": "There is a newer version of this page. Reload it",

  // layout
  "view.inbox": "Inbox",
  "view.starred": "Starred",
  "view.archived": "Archived",
  "view.sent": "Sent",
  "view.junk": "Junk",
  "view.trash": "Trash",
  "view.drafts": "Drafts",
  "view.all": "All mail",
  "nav.label": "Mailboxes and folders",
  "nav.compose": "New message",
  "nav.outbox": "Outbox",
  "nav.allMailboxes": "All mailboxes",
  "nav.mailboxes": "Mailboxes",
  "nav.parked": "Parked notifications",
  "nav.settings": "Settings",
  "nav.menu": "Open the menu",
  "nav.back": "Back to the list",
  "nav.skip": "Skip to the conversations",
  "nav.unread": { one: "{n} unread message", other: "{n} unread messages" },
  "mailbox.active": "In sync",
  "mailbox.syncing": "Reading the history",
  "mailbox.disconnected": "Disconnected",

  "dialog.close": "Close",

  // live
  "live.live": "Live",
  "live.connecting": "Connecting …",
  "live.reconnecting": "No connection. Trying again, {n}",
  "live.offline": "Offline. What is open can still be read",
  "live.caughtUp": { one: "Connected again, {n} new message", other: "Connected again, {n} new messages" },

  // sign-in
  "signIn.title": "Sign in to Xabar",
  "signIn.lead": "Paste the token that your administrator gave you.",
  "signIn.token": "Token",
  "signIn.submit": "Sign in",
  "signIn.invalid": "This is not a valid token, or it has expired",
  "signIn.expired": "Your token has expired. Sign in again",
  "signIn.local": "On a laptop, open the link that npm run dev prints.",

  // conversations
  "list.label": "Conversations",
  "list.loading": "Loading conversations",
  "list.unreadOnly": "Unread only",
  "list.new": { one: "{n} new", other: "{n} new" },
  "list.empty.inbox": "All done",
  "list.empty.inbox.hint": "New mail appears here by itself.",
  "list.empty.other": "Nothing here",
  "list.empty.unread": "No unread conversations",
  "list.end": "That is all",
  "list.noSubject": "(no subject)",
  "list.noSender": "(no sender)",
  "list.unread": "Unread",
  "list.attachment": "Has a file",
  "list.to": "To: {names}",
  "list.selected": { one: "{n} selected", other: "{n} selected" },
  "list.select": "Select",
  "list.clear": "Clear the selection",

  // thread
  "thread.none": "No conversation is open",

  // screens
  "notFound.title": "There is nothing at this address",
  "notFound.hint": "The conversation may have been deleted, or the link is wrong.",

  // actions
  "action.archive": "Archive",
  "action.unarchive": "Move to the inbox",
  "action.star": "Star",
  "action.unstar": "Remove the star",
  "action.read": "Mark as read",
  "action.unread": "Mark as unread",
  "action.reply": "Reply",
  "action.replyAll": "Reply to all",
  "action.forward": "Forward",
  "action.undo": "Undo",
  "done.archive": { one: "Archived", other: "{n} conversations archived" },
  "done.unarchive": { one: "Moved to the inbox", other: "{n} conversations moved to the inbox" },
  "done.star": { one: "Starred", other: "{n} conversations starred" },
  "done.unstar": { one: "Star removed", other: "{n} stars removed" },
  "done.read": { one: "Marked as read", other: "{n} conversations marked as read" },
  "done.unread": { one: "Marked as unread", other: "{n} conversations marked as unread" },
  "done.undone": "Undone",
  "failed.change": "Not changed. {reason}",
  "failed.undo": "Not undone. {reason}",
};
