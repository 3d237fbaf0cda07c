import type { RouteDocs } from "../../platform/docs.ts";

const pk = "`pk` is the id of the contact, not of the person.";
const refused = "Yourself, somebody who is a contact already, or nobody whom you see.";

export const docs: RouteDocs = {
  "GET /api/accounts/account/contact": {
    id: "listContacts",
    summary: "List contacts",
    description: "Your own, the newest first; without `page`, at most 1,000.",
  },
  "POST /api/accounts/account/contact": {
    id: "addContact",
    summary: "Add a contact",
    description:
      "The person then sees your phone and when you were last online, and what you publish for contacts.",
    responses: { 201: "The contact.", 400: refused },
  },
  "GET /api/accounts/account/contact/:pk{[0-9]{1,15}}": {
    id: "getContact",
    summary: "Get a contact",
    description: pk,
  },
  "PUT /api/accounts/account/contact/:pk{[0-9]{1,15}}": {
    id: "updateContact",
    summary: "Update a contact",
    description: `${pk} A nickname that is left out stays.`,
    responses: { 400: refused },
  },
  "PATCH /api/accounts/account/contact/:pk{[0-9]{1,15}}": {
    id: "patchContact",
    summary: "Update parts of a contact",
    description: `${pk} What is left out stays.`,
    responses: { 400: refused },
  },
  "DELETE /api/accounts/account/contact/:pk{[0-9]{1,15}}": {
    id: "removeContact",
    summary: "Remove a contact",
    description: pk,
    responses: { 204: "Removed." },
  },
};
