import { big, int, type Json, list, millis, oneOf, record, type Shape, ShapeError, text } from '@vouchsafe/codec';
import type { Hold } from '../domain/account-types.js';

const open = record({
  step: oneOf('open'), orderId: text(), channelId: text(), minor: big, left: big, notAfter: millis, expiresAt: millis,
  captures: list(record({ id: text(), fingerprint: int })),
});
const closed = record({ step: oneOf('captured', 'released'), orderId: text(), minor: big, notAfter: millis });
const forestalled = record({ step: oneOf('forestalled'), notAfter: millis });

const write = (hold: Hold): Json => {
  switch (hold.step) {
    case 'open': return open.write({ ...hold, captures: hold.captures.map(([id, fingerprint]) => ({ id, fingerprint })) });
    case 'captured':
    case 'released': return closed.write(hold);
    case 'forestalled': return forestalled.write(hold);
  }
};
const read = (json: unknown, path: string): Hold => {
  const step = (json as { step?: unknown } | null)?.step;
  if (step === 'open') {
    const hold = open.read(json, path);
    return { ...hold, captures: hold.captures.map(({ id, fingerprint }) => [id, fingerprint] as const) };
  }
  return step === 'forestalled' ? forestalled.read(json, path) : closed.read(json, path);
};

/** Holds as one segment hands them to the next: `[id, hold]`. */
export const carriedHolds: Shape<readonly (readonly [string, Hold])[]> = {
  write: (holds) => holds.map(([id, hold]) => [id, write(hold)]),
  read: (json, path) => {
    if (!Array.isArray(json)) throw new ShapeError(path, 'a list');
    return json.map((pair: unknown, i) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw new ShapeError(`${path}[${i}]`, 'an id and a hold');
      return [text().read(pair[0], `${path}[${i}]`), read(pair[1], `${path}[${i}]`)] as const;
    });
  },
};
