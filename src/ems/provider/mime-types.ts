/**
 * Stands in for npm's mime-types (see [alias] in wrangler.toml): the Nylas SDK asks it for the type of a file
 * on disk, which a Worker has not got.
 */
export const lookup = (): false => false;
