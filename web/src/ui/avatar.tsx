import "./avatar.css";

/** The initials of a person on a colour that is always theirs. @param of a name or an address */
export function Avatar({ of, size = 36 }: { of: string; size?: number }) {
  return (
    <span
      className="avatar"
      aria-hidden="true"
      data-initials={initialsOf(of)}
      style={{ "--size": `${size}px`, "--hue": hueOf(of) } as Record<string, string | number>}
    />
  );
}

function initialsOf(name: string): string {
  const words = name.replace(/@.*/, "").match(/\p{L}+/gu) ?? ["?"];
  const [first = "", last = ""] = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return (first.slice(0, 1) + last.slice(0, 1)).toUpperCase();
}

const hueOf = (name: string): number =>
  [...name.toLowerCase()].reduce((hue, letter) => (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
