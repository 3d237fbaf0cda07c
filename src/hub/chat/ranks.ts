/** Roles, as they are stored: a lower rank has all rights of a higher one. */
export const RANK = { owner: 0, admin: 1, member: 2 } as const;

export type Role = keyof typeof RANK;

const ROLES = Object.keys(RANK) as Role[];

export const roleOf = (rank: number): Role => ROLES[rank] ?? "member";
