/** What is not the public internet, by IANA's registry of special addresses. The last one is Azure's own service. */
const PRIVATE_V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "168.63.129.16/32",
].map((range) => {
  const [address = "", bits = ""] = range.split("/");
  const size = 2 ** (32 - Number(bits));
  const from = numberOf(address);
  return { from, to: from + size - 1 };
});

/** Within 2000::/3, which alone is public: protocols of the IETF (Teredo, ORCHID, …), 6to4, examples, and the old 6bone. */
const PRIVATE_V6: [bits: number, prefix: bigint][] = [
  [23, 0x2001_0000n << 96n],
  [32, 0x2001_0db8n << 96n],
  [16, 0x2002n << 112n],
  [20, 0x3fffn << 112n],
  [16, 0x3ffen << 112n],
];

const DOTTED = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Whether a text is an address of the public internet, in dotted decimals or as IPv6 with or without brackets. */
export function isPublicAddress(text: string): boolean {
  if (DOTTED.test(text)) {
    const address = numberOf(text);
    return !PRIVATE_V4.some(({ from, to }) => address >= from && address <= to);
  }
  const address = parseV6(text.replace(/^\[(.*)\]$/, "$1"));
  if (address === undefined || address >> 125n !== 1n) return false;
  return !PRIVATE_V6.some(([bits, prefix]) => address >> BigInt(128 - bits) === prefix >> BigInt(128 - bits));
}

/** Whether a host is an address and no name, as browsers decide: also in octal, hexadecimal and short forms. */
export const isAddress = (host: string): boolean =>
  host.includes(":") || /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i.test(host);

/** A host as browsers write it: in lower case and punycode, addresses in their one form. Undefined if it is none. */
export function canonicalHost(text: string): string | undefined {
  const host = text.includes(":") && !text.startsWith("[") ? `[${text}]` : text;
  // Anything else that a URL may have would end the host early.
  if (!/^(?:\[[\da-f:.]+\]|[^\s/\\?#@:%[\]]+)$/i.test(host)) return undefined;
  const url = URL.parse(`http://${host.replace(/\.$/, "")}/`);
  return url?.hostname || undefined;
}

function numberOf(dotted: string): number {
  return dotted.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}

/** The 128 bits of an IPv6 address; undefined for anything else. */
function parseV6(text: string): bigint | undefined {
  const canonical = text.includes(":") ? canonicalHost(text) : undefined;
  if (!canonical?.startsWith("[")) return undefined;
  const [head = "", tail] = canonical.slice(1, -1).split("::");
  const groupsOf = (part: string) => (part === "" ? [] : part.split(":"));
  const [before, after] = [groupsOf(head), groupsOf(tail ?? "")];
  const zeros = Array<string>(tail === undefined ? 0 : 8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
