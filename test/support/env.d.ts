declare namespace Cloudflare {
  interface Env {
    /** For the second module that tests mount. */
    NOTES_DB: D1Database;
    STORE: "d1" | "objects";
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    /** The schema that the migrations make of an empty database. */
    TEST_SCHEMA: string[];
    /** The same of the Email Service API's database. */
    TEST_EMAIL_SERVICE_SCHEMA: string[];
    TEST_HUB_SCHEMA: string[];
    TEST_TELEGRAM_SCHEMA: string[];
    /** The contract of the Email Service API, as its origin wrote it. */
    TEST_EMAIL_CONTRACT: object;
    /** The UzbekHub contract: Markdown. */
    TEST_HUB_CONTRACT: string;
    /** The contract of Telegram auto-mailing, in Markdown. */
    TEST_TELEGRAM_CONTRACT: string;
    /** Private JWK of the issuer whose key set JWT_JWKS_URL serves. */
    TEST_ISSUER_KEY: string;
    /** The same of the stand-in for Google. */
    TEST_GOOGLE_KEY: string;
    TEST_CONTROL_TOKEN: string;
    TEST_CHAOS: { seed: number; minutes: number };
    /** Empty unless examples of openapi.json are recorded. */
    TEST_RECORD: string;
    /** Requests per minute and user, or IP address: for test/app-rate-limit.test.ts only. */
    TEST_RATE_LIMIT: number;
    JWT_JWKS_URL: string;
    TELEGRAM_BOT_TOKEN: string;
  }
}
