import { ForeignCodecError } from './foreign-codec-error.js';

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER = 16;

/** Snappy as Kafka clients write it: the raw format, or Java's frames of it. */
export const unsnappy = (data: Buffer): Buffer => {
  if (!data.subarray(0, XERIAL.length).equals(XERIAL)) return rawSnappy(data);
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER; at < data.length; ) {
    const length = data.readInt32BE(at);
    blocks.push(rawSnappy(data.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(blocks);
};

const rawSnappy = (data: Buffer): Buffer => {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = data[at++];
    if (byte === undefined || shift > 28) throw new ForeignCodecError('snappy: the length is broken');
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  const out = Buffer.allocUnsafe(length);
  let written = 0;
  while (at < data.length) {
    const tag = data[at++]!;
    const element = (tag & 3) === 0 ? literal(data, at, tag) : copy(data, at, tag);
    if ('offset' in element) written = copyWithin(out, written, element);
    else written += data.copy(out, written, element.from, element.from + element.length);
    at = element.next;
  }
  if (written !== length) throw new ForeignCodecError(`snappy: ${written} bytes of ${length}`);
  return out;
};

const literal = (data: Buffer, at: number, tag: number): { from: number; length: number; next: number } => {
  const size = tag >> 2;
  const extra = size < 60 ? 0 : size - 59;
  const length = (extra === 0 ? size : data.readUIntLE(at, extra)) + 1;
  return { from: at + extra, length, next: at + extra + length };
};

type Copy = { readonly offset: number; readonly length: number; readonly next: number };

const copy = (data: Buffer, at: number, tag: number): Copy => {
  const kind = tag & 3;
  if (kind === 1) return { length: ((tag >> 2) & 7) + 4, offset: ((tag >> 5) << 8) | data.readUInt8(at), next: at + 1 };
  if (kind === 2) return { length: (tag >> 2) + 1, offset: data.readUInt16LE(at), next: at + 2 };
  return { length: (tag >> 2) + 1, offset: data.readUInt32LE(at), next: at + 4 };
};

/** Source and target may overlap: a run of a repeated pattern. */
export const copyWithin = (out: Buffer, written: number, { offset, length }: { readonly offset: number; readonly length: number }): number => {
  if (offset === 0 || offset > written || written + length > out.length) throw new ForeignCodecError('a copy lies outside of what was written');
  for (let i = 0; i < length; i++) out[written + i] = out[written + i - offset]!;
  return written + length;
};
