import type { RouteDocs } from "../../platform/docs.ts";

const address =
  "`country`, `city`, `county` and `neighbourhood` come from a geocoder soon after. Until then, country and city are those of the nearest city of a table, or null. At most 10 changes an hour.";

export const docs: RouteDocs = {
  "POST /api/accounts/account/location": {
    id: "createLocation",
    summary: "Share your location",
    description: `Up to six decimals, as text or as number. ${address} You have one: a second is 400.`,
    responses: { 201: "The location. Only you see it." },
  },
  "PUT /api/accounts/account/location": {
    id: "updateLocation",
    summary: "Change your location",
    description: address,
    responses: { 404: "You share none." },
  },
  "DELETE /api/accounts/account/location": {
    id: "deleteLocation",
    summary: "Stop sharing your location",
    description: "Then you are not found nearby, and find nobody.",
    responses: { 204: "Deleted.", 404: "You share none." },
  },
  "GET /api/accounts/account/location/:distance": {
    id: "listNearby",
    summary: "Find people nearby",
    description:
      "The 100 nearest of those who share a location, up to `distance` kilometres, at most 100. Distances are rounded: they are those to the middle of a cell of 0.01 degrees, in steps of 0.5, 1, 2, 3, 5, 10, 20 km and so on. You must share your own location, else 400.",
  },
};
