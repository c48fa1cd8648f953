import { big, int, list, millis, record, type Shape, ShapeError, text } from '@vouchsafe/codec';
import type { OpenHold } from '../domain/account-types.js';

const open = record({
  orderId: text(), channelId: text(), minor: big, left: big, notAfter: millis, expiresAt: millis, captures: list(record({ id: text(), fingerprint: int })),
});

/** Open holds as one segment hands them to the next: `[id, hold]`. */
export const carriedHolds: Shape<readonly (readonly [string, OpenHold])[]> = {
  write: (holds) => holds.map(([id, hold]) => [id, open.write({ ...hold, captures: hold.captures.map(([captureId, fingerprint]) => ({ id: captureId, fingerprint })) })]),
  read: (json, path) => {
    if (!Array.isArray(json)) throw new ShapeError(path, 'a list');
    return json.map((pair: unknown, i) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw new ShapeError(`${path}[${i}]`, 'an id and a hold');
      const { captures, ...hold } = open.read(pair[1], `${path}[${i}]`);
      return [text().read(pair[0], `${path}[${i}]`), { ...hold, captures: captures.map(({ id, fingerprint }) => [id, fingerprint] as const) }] as const;
    });
  },
};

/** Bytes that a fingerprint of 53 bits takes. */
const BYTES = 7;
const LOW = 2 ** 24;

/** Fingerprints, seven bytes each, in base64: some ten thousand of them are handed on at a time. */
export const idSet: Shape<ReadonlySet<number>> = {
  write: (ids) => {
    const bytes = Buffer.allocUnsafe(ids.size * BYTES);
    let at = 0;
    for (const id of ids) {
      bytes.writeUInt32BE(Math.floor(id / LOW), at); // node writes 48 bits at most at once
      bytes.writeUIntBE(id % LOW, at + 4, 3);
      at += BYTES;
    }
    return bytes.toString('base64');
  },
  read: (json, path) => {
    const bytes = Buffer.from(text().read(json, path), 'base64');
    if (bytes.length % BYTES !== 0) throw new ShapeError(path, 'fingerprints in base64');
    const ids = new Set<number>();
    for (let at = 0; at < bytes.length; at += BYTES) ids.add(bytes.readUInt32BE(at) * LOW + bytes.readUIntBE(at + 4, 3));
    return ids;
  },
};
