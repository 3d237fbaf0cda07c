import { ascii, bytesOf } from "../../../lib/byte-source.ts";

// Of the EXIF data of a picture only its orientation is kept: without it the picture would lie on its side.

const ORIENTATION = 0x0112;
const SHORT = 3;

/**
 * Finds the orientation in EXIF data. Damaged data has none.
 * @param exif a TIFF structure, with or without `Exif` before it
 * @returns 1 (upright) to 8
 */
export function orientationOf(exif: Uint8Array): number {
  const tiff = ascii(exif, 0, 6) === "Exif\0\0" ? exif.subarray(6) : exif;
  const order = ascii(tiff, 0, 2);
  if ((order !== "II" && order !== "MM") || tiff.length < 10) return 1;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  const isLittle = order === "II";
  const start = view.getUint32(4, isLittle);
  if (start + 2 > tiff.length) return 1;
  const last = Math.min(start + 2 + 12 * view.getUint16(start, isLittle), tiff.length) - 12;
  for (let at = start + 2; at <= last; at += 12) {
    if (view.getUint16(at, isLittle) !== ORIENTATION || view.getUint16(at + 2, isLittle) !== SHORT) continue;
    const value = view.getUint16(at + 8, isLittle);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** EXIF data that has an orientation and nothing else: a TIFF structure of 26 bytes. */
export const exifOf = (orientation: number): Uint8Array =>
  bytesOf(`MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0${String.fromCharCode(orientation)}\0\0\0\0\0\0`);
