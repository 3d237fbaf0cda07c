import type { RouteDocs } from "../../platform/docs.ts";

const NOT_MOVED = "Companies are kept in D1 here.";

export const docs: RouteDocs = {
  "GET /companies": {
    id: "listCompanies",
    summary: "List the companies in the token",
  },
  "PUT /companies/:company_id": {
    id: "nameCompany",
    summary: "Name a company",
  },
  "DELETE /companies/:company_id": {
    id: "eraseCompany",
    summary: "Erase a company",
    description: "Deletes everything that belongs to it, for good. The work goes on after the response.",
    responses: { 204: "Its erasure has begun.", 502: "The mail provider failed." },
  },
  "GET /companies/:company_id/move": {
    id: "getCompanyMove",
    summary: "Show where a company's rows are",
    responses: { 409: NOT_MOVED },
  },
  "POST /companies/:company_id/move": {
    id: "moveCompany",
    summary: "Move a company's rows to its Durable Object",
    description: "Repeating it changes nothing.",
    responses: { 202: "The move goes on.", 409: `${NOT_MOVED} Or another company is being moved.` },
  },
};
