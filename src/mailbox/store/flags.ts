/** The flags that places keep, without \Seen, which has a column of its own. */
export const flagsOf = (stored: string): string[] => (stored === "" ? [] : stored.split(" "));

/** Whether a flag is among others. Case does not matter (RFC 9051 section 2.3.2). */
export const hasFlag = (flags: Iterable<string>, flag: string): boolean => {
  for (const other of flags) if (isSame(other, flag)) return true;
  return false;
};

/** The flags after changes: true sets a flag, false clears it. */
export function changedFlags(flags: Iterable<string>, changes: Record<string, boolean>): string[] {
  const names = Object.keys(changes);
  const kept = [...flags].filter((flag) => !names.some((name) => isSame(name, flag) && !changes[name]));
  return [...kept, ...names.filter((name) => changes[name] && !hasFlag(kept, name))];
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
