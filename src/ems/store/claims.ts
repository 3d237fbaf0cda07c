/** The key of an address in ems_directory. */
export const addressKey = (address: string): string => `address:${address.toLowerCase()}`;

/** The key of a grant in ems_directory. */
export const grantKey = (grant: string): string => `grant:${grant}`;

/** The keys of an account: of its address, and of its grant if it has one. */
export const claimsOf = ({ email_address, grant_id }: { email_address: string; grant_id: string | null }) => [
  addressKey(email_address),
  ...(grant_id === null ? [] : [grantKey(grant_id)]),
];
