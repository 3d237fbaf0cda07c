import type { Fault } from "../contract.ts";

/** What a fault is due for. */
interface Occasion {
  phone: string | null;
  method: string;
  /** The marked id of the chat that the call is about. */
  chat: number | null;
}

/** The faults that are planned. */
export class Faults {
  #planned: Fault[] = [];

  get planned(): readonly Fault[] {
    return this.#planned;
  }

  plan(fault: Fault): void {
    this.#planned.push({ ...fault });
  }

  /** @param phone absent: all faults, else only those of this phone */
  clear(phone?: string): void {
    this.#planned = phone === undefined ? [] : this.#planned.filter((fault) => fault.phone !== phone);
  }

  /** The fault that is due now, if there is one. It counts as having happened. */
  take(occasion: Occasion): Fault | undefined {
    for (const fault of this.#planned) {
      if (!isAbout(fault, occasion)) continue;
      if (fault.skip) {
        fault.skip--;
        continue;
      }
      if (Math.random() >= (fault.probability ?? 1)) continue;
      const times = fault.times ?? 1;
      if (times === 1) this.#planned = this.#planned.filter((other) => other !== fault);
      else if (times > 1) fault.times = times - 1;
      return fault;
    }
    return undefined;
  }
}

function isAbout(fault: Fault, { phone, method, chat }: Occasion): boolean {
  // A connection is no call: only a fault that names it is for it.
  if (method === "connect" ? fault.method !== method : (fault.method ?? method) !== method) return false;
  return (fault.phone ?? phone) === phone && (fault.chat ?? chat) === chat;
}
