/** Big-endian integers beyond 32 bits that are safe integers; written by hand, for these run for every event. */

const TWO_32 = 2 ** 32;

/** Writes an unsigned 64-bit integer (a safe integer, not negative); gives the offset after it. */
export const putU64 = (out: Buffer, value: number, at: number): number =>
  out.writeUInt32BE(value >>> 0, out.writeUInt32BE(Math.floor(value / TWO_32), at));

export const getU64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32BE(at) * TWO_32 + bytes.readUInt32BE(at + 4);

/** Writes a signed 64-bit integer in two's complement (a safe integer); gives the offset after it. */
export const putI64 = (out: Buffer, value: number, at: number): number =>
  out.writeUInt32BE(value >>> 0, out.writeInt32BE(Math.floor(value / TWO_32), at));

export const getI64 = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * TWO_32 + bytes.readUInt32BE(at + 4);

/** Writes an unsigned integer below 2^48; gives the offset after it. */
export const putU48 = (out: Buffer, value: number, at: number): number =>
  out.writeUInt32BE(value >>> 0, out.writeUInt16BE(Math.floor(value / TWO_32), at));

export const getU48 = (bytes: Buffer, at: number): number =>
  bytes.readUInt16BE(at) * TWO_32 + bytes.readUInt32BE(at + 2);
