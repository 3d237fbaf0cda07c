import type { Page } from "playwright-core";

/**
 * Answers the lists of conversations that a page asks for with one long made-up list, by cursor as the API does.
 * @param count how many conversations it has
 */
export const answerLongList = (page: Page, count: number): Promise<unknown> =>
  page.route("**/conversations?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    const from = Number(query.get("cursor") ?? 0);
    const size = Math.min(Number(query.get("size") ?? 25), count - from);
    const items = Array.from({ length: size }, (_, nth) => conversation(from + nth));
    const next_cursor = from + size < count ? String(from + size) : null;
    return route.fulfill({ json: { items, next_cursor } });
  });

const idOf = (kind: number, nth: number): string =>
  `${String(kind).padStart(8, "0")}-0000-7000-8000-${String(nth).padStart(12, "0")}`;

/** The nth conversation of the list: see src/ems/conversations/responses.ts. */
function conversation(nth: number) {
  const sent_at = new Date(Date.UTC(2026, 0, 1) - nth * 60_000).toISOString().replace(".000", "");
  const person = { name: `Mijoz ${nth % 997}`, email: `mijoz${nth % 997}@example.com` };
  return {
    thread_id: idOf(1, nth),
    email_account_id: idOf(2, 1),
    account_email: "sales@example.com",
    company_id: 1,
    subject: `Suhbat ${nth}`,
    message_count: 1 + (nth % 5),
    version: 1,
    last_message_at: sent_at,
    message: {
      id: idOf(3, nth),
      from_address: person.email,
      from_name: person.name,
      to_addresses: [],
      snippet: "Assalomu alaykum! Narxlar ro‘yxatini yubordik.",
      direction: "inbound",
      folder: "inbox",
      sent_at,
    },
    participants: [person],
    has_attachments: nth % 6 === 0,
    unread_count: nth % 3 === 0 ? 1 : 0,
    is_starred: false,
    is_archived: false,
  };
}
