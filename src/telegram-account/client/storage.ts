import type { IMtStorageProvider } from "@mtcute/core";
import type { AccountContext } from "../context.ts";
import type { Settings } from "../settings.ts";
import { open, seal } from "./seal.ts";

type Account = Pick<AccountContext, "sql" | "phone">;

/** What must outlive a restart besides the keys: which data centre is the account's. The rest is told again. */
const KEPT = "dc_main";

/**
 * Opens the session that is stored. Keys that an earlier TELEGRAM_SESSION_KEY has sealed are sealed by the current one.
 * @param isInUse whether the client that uses the storage still may write: a closed one could bring back a dead key
 * @throws Refused `unavailable` if a key cannot be opened: without it mtcute would make another, and end the session
 */
export async function openStorage(
  { sql, phone }: Account,
  { keys }: Settings,
  isInUse: () => boolean,
): Promise<IMtStorageProvider> {
  const known = new Map<number, Uint8Array>();
  const store = async (dc: number, bytes: Uint8Array) => {
    const sealed = await seal(keys[0], placeOf(phone, dc), bytes);
    if (isInUse()) sql.exec("INSERT OR REPLACE INTO auth_keys (dc, sealed) VALUES (?, ?)", dc, sealed);
  };
  const forget = (dc: number) => {
    known.delete(dc);
    if (isInUse()) sql.exec("DELETE FROM auth_keys WHERE dc = ?", dc);
  };

  type Sealed = { dc: number; sealed: ArrayBuffer };
  for (const { dc, sealed } of sql.exec<Sealed>("SELECT dc, sealed FROM auth_keys").toArray()) {
    const { bytes, isCurrent } = await open(keys, placeOf(phone, dc), new Uint8Array(sealed));
    known.set(dc, bytes);
    if (!isCurrent) await store(dc, bytes);
  }

  return {
    driver: {},
    kv: valuesOf(sql, isInUse),
    authKeys: {
      get: (dc) => known.get(dc) ?? null,
      set: (dc, key) => {
        if (!key) return forget(dc);
        known.set(dc, key);
        return store(dc, key);
      },
      // Without perfect forward secrecy there are none.
      getTemp: () => null,
      setTemp: () => {},
      deleteByDc: forget,
      deleteAll: () => {
        for (const dc of known.keys()) forget(dc);
      },
    },
  };
}

const placeOf = (phone: string, dc: number) => `${phone}/${dc}`;

function valuesOf(sql: SqlStorage, isInUse: () => boolean): IMtStorageProvider["kv"] {
  const values = new Map<string, Uint8Array>();
  for (const row of sql.exec<{ name: string; value: ArrayBuffer }>("SELECT * FROM client_values")) {
    values.set(row.name, new Uint8Array(row.value));
  }
  return {
    get: (name) => values.get(name) ?? null,
    set: (name, value) => {
      values.set(name, value);
      if (name !== KEPT || !isInUse()) return;
      const stored = new Uint8Array(value);
      sql.exec("INSERT OR REPLACE INTO client_values (name, value) VALUES (?, ?)", name, stored);
    },
    delete: (name) => {
      values.delete(name);
    },
    deleteAll: () => values.clear(),
  };
}
