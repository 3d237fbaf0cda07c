import { env } from "cloudflare:workers";
import { vi } from "vitest";

/** What a test does at each call of the hub's database. It may throw or wait. */
export interface Meddling {
  before?(queries: string[]): unknown;
  after?(queries: string[]): unknown;
}

export class InjectedFault extends Error {}

type Wrapped = D1PreparedStatement & { inner: D1PreparedStatement; query: string };

/** Meddles with the calls of the hub's database, also those of a room's Object, until mocks are restored. */
export function meddle({ before, after }: Meddling): void {
  const { HUB_DB: db } = env;
  const [prepare, batch] = [db.prepare.bind(db), db.batch.bind(db)];
  const around = async <Result>(queries: string[], run: () => Promise<Result>): Promise<Result> => {
    await before?.(queries);
    const result = await run();
    await after?.(queries);
    return result;
  };
  const statement = (query: string, inner: D1PreparedStatement): D1PreparedStatement =>
    Object.assign(Object.create(inner), {
      ...{ inner, query },
      bind: (...values: unknown[]) => statement(query, inner.bind(...values)),
      all: () => around([query], () => inner.all()),
      run: () => around([query], () => inner.run()),
      first: (column?: string) => around([query], () => inner.first(column as string)),
    });
  vi.spyOn(db, "prepare").mockImplementation((query) => statement(query, prepare(query)));
  vi.spyOn(db, "batch").mockImplementation((statements) => {
    const wrapped = statements as Wrapped[];
    return around(
      wrapped.map(({ query }) => query),
      () => batch(wrapped.map(({ inner }) => inner)),
    ) as never;
  });
}

/** Lets the n-th call fail, before or after its effect, and no other. @returns which it was; null if there were fewer */
export function failNth(nth: number, moment: "before" | "after"): () => string | null {
  let [calls, struck]: [number, string | null] = [0, null];
  const strike = (queries: string[]): void => {
    if (++calls !== nth) return;
    struck = queries.join(";").replace(/\s+/g, " ").trim();
    throw new InjectedFault(`call ${nth} failed ${moment}`);
  };
  meddle({ [moment]: strike });
  return () => struck;
}
