import type { RouteDocs } from "../../platform/docs.ts";

const hidden =
  "`phone` is told to the person, to staff, and to people whom the person has as contact; `last_online` to the person and to these contacts; `last_login` and `is_staff` to the person alone. Of a private profile, others see no `bio`.";

export const docs: RouteDocs = {
  "GET /api/accounts/account/search/:key": {
    id: "searchPeople",
    summary: "Search people",
    description: `By prefixes of username, first and last name, in Latin and Cyrillic letters alike: \`shahzod\` finds \`Шаҳзод\`. All words of the key must match. First who has exactly this username; 50 at most. A key of fewer than two letters finds nobody. Blocked people are left out, in both directions. ${hidden}`,
  },
  "GET /api/accounts/account/user/:pk{[0-9]{1,15}}": {
    id: "getPerson",
    summary: "Get a person by id",
    description: `Somebody blocked, in either direction, is 404. ${hidden}`,
  },
  "GET /api/accounts/account/profile/:username": {
    id: "getPublicProfile",
    summary: "Get a public profile",
    description:
      "Needs no token. With a valid one, somebody blocked, in either direction, is 404. Of a private profile, others see no `bio`.",
    security: [],
  },
};
