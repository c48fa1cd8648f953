import { crc32 } from 'node:zlib';

/** length u32, checksum u32 (of the previous frame's checksum, the length and the payload), payload. Big endian. */
export const FRAME_HEAD = 8;
/** No entry is larger; a length beyond it is damage. */
export const FRAME_MAX = 16 * 1024 * 1024;

const seal = (payload: Uint8Array, previous: number): number => {
  const head = Buffer.allocUnsafe(8);
  head.writeUInt32BE(previous, 0);
  head.writeUInt32BE(payload.length, 4);
  return crc32(payload, crc32(head)) || 1; // zero means "nothing written here"
};

/** `payload` framed, chained to the frame before it. */
export const frame = (payload: Buffer, previous: number): { bytes: Buffer; checksum: number } => {
  const bytes = Buffer.allocUnsafe(FRAME_HEAD + payload.length);
  const checksum = seal(payload, previous);
  bytes.writeUInt32BE(payload.length, 0);
  bytes.writeUInt32BE(checksum, 4);
  payload.copy(bytes, FRAME_HEAD);
  return { bytes, checksum };
};

export type Unframed = { readonly payload: Buffer; readonly checksum: number; readonly next: number };
/** The frame at `at`, or why there is none: `end` (nothing was written), `short` (needs more bytes), `bad`. */
export const unframe = (bytes: Buffer, at: number, previous: number): Unframed | 'end' | 'short' | 'bad' => {
  if (at + FRAME_HEAD > bytes.length) return 'short';
  const length = bytes.readUInt32BE(at);
  const checksum = bytes.readUInt32BE(at + 4);
  if (length === 0 && checksum === 0) return 'end';
  if (length > FRAME_MAX) return 'bad';
  const next = at + FRAME_HEAD + length;
  if (next > bytes.length) return 'short';
  const payload = bytes.subarray(at + FRAME_HEAD, next);
  return seal(payload, previous) === checksum ? { payload, checksum, next } : 'bad';
};
