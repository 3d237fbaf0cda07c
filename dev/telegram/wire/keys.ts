import { Long } from "@mtcute/core";
import { createCrypto } from "./crypto.ts";
import type { AuthKey } from "./handler.ts";

/** A key as it is kept between two starts. */
export interface SavedKey {
  dc: number;
  /** In Base64. */
  secret: string;
  /** In decimal. */
  salt: string;
  phone: string | null;
  pendingPhone: string | null;
  layer: number;
  deviceModel: string;
}

/** The keys of all data centres. */
export class Keys {
  readonly #keys = new Map<string, AuthKey>();

  /** @param saved what `snapshot` gave */
  constructor(saved: SavedKey[] = []) {
    for (const { secret, salt, dc, ...rest } of saved) {
      Object.assign(this.add(dc, Buffer.from(secret, "base64"), Long.fromString(salt)), rest);
    }
  }

  /** Adds what a client and a data centre have agreed on. */
  add(dc: number, secret: Uint8Array, salt: Long): AuthKey {
    const id = Buffer.from(createCrypto().sha1(secret).subarray(-8)).toString("hex");
    const key: AuthKey = {
      id,
      dc,
      secret,
      salt,
      phone: null,
      pendingPhone: null,
      layer: 0,
      deviceModel: "",
      isForgotten: false,
      isDuplicated: false,
      open: 0,
      most: 0,
    };
    this.#keys.set(id, key);
    return key;
  }

  /** @returns the key, unless the data centre has another one or has forgotten it */
  find(dc: number, id: string): AuthKey | undefined {
    const key = this.#keys.get(id);
    return key && key.dc === dc && !key.isForgotten ? key : undefined;
  }

  /** All that there were, forgotten ones too: for their counts of connections. */
  all(): Iterable<AuthKey> {
    return this.#keys.values();
  }

  snapshot(): SavedKey[] {
    const known = [...this.#keys.values()].filter(({ isForgotten }) => !isForgotten);
    return known.map(({ secret, salt, dc, phone, pendingPhone, layer, deviceModel }) => ({
      dc,
      secret: Buffer.from(secret).toString("base64"),
      salt: salt.toString(),
      phone,
      pendingPhone,
      layer,
      deviceModel,
    }));
  }
}
