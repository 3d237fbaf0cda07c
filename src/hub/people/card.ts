import { sql } from "../../platform/d1/sql.ts";
import { mediaUrl } from "../media/urls.ts";

/** A person, as others' things name them. */
export interface Card {
  id: number;
  username: string | null;
  full_name: string;
  profile_picture: string | null;
}

/** The columns of a card, of the row of hub_users with the alias `u`. */
export const CARD_COLUMNS = sql.raw(
  "u.id AS user_id, u.username, u.first_name, u.last_name, u.picture AS user_picture",
);

export type CardRow = {
  user_id: number;
  username: string | null;
  first_name: string;
  last_name: string;
  user_picture: string | null;
};

/** @param origin the module's public base URL */
export const toCard = (row: CardRow, origin: string): Card => ({
  id: row.user_id,
  username: row.username,
  full_name: fullName(row),
  profile_picture: mediaUrl(origin, row.user_picture),
});

/** First and last name, else the username, else nothing. Never the e-mail. */
export const fullName = (row: Pick<CardRow, "first_name" | "last_name" | "username">): string =>
  `${row.first_name} ${row.last_name}`.trim() || row.username || "";
