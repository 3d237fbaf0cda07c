/** A PNG of a size, as long as its head tells it: the stand-in reads no more. */
export function png(width: number, height: number, length = 100): Uint8Array {
  const bytes = Buffer.alloc(length, 7);
  Buffer.from("89504e470d0a1a0a0000000d49484452", "hex").copy(bytes);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return new Uint8Array(bytes);
}
