declare namespace Cloudflare {
  interface Env {
    /** Holds the companies from 5,000,000,000 on. */
    DB_2: D1Database;
    /** Of the second module that tests mount. */
    NOTES_DB: D1Database;
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    /** What the migrations make of an empty database. */
    TEST_SCHEMA: string[];
    /** Private JWK of the issuer whose key set JWT_JWKS_URL serves. */
    TEST_ISSUER_KEY: string;
    TEST_CONTROL_TOKEN: string;
    TEST_CHAOS: { seed: number; minutes: number };
    /** Requests that a user, and an address, may make in a minute: for test/app-rate-limit.test.ts alone. */
    TEST_RATE_LIMIT: number;
    JWT_JWKS_URL: string;
  }
}
