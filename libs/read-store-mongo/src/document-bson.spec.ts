import * as fc from 'fast-check';
import { mongo } from 'mongoose';
import { fromStored, toStored } from './document-bson.js';
import { originalName, storedName } from './field-names.js';

const throughBson = (value: unknown): unknown =>
  fromStored(mongo.BSON.deserialize(mongo.BSON.serialize(toStored(value)), { useBigInt64: true }));

const leaf = fc.oneof(
  fc.constant(null), fc.boolean(), fc.string({ unit: 'binary' }), fc.bigInt(), fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
  fc.constantFrom(2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, '\ud800', 'a\ud83d'),
);
const name = fc.oneof(fc.string(), fc.constantFrom('', '%', '%n', '%s', '$n', '$set', 'a.b', '__proto__', '\0', '%24', '\ud800x', 'constructor'));
const record = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 5 }).map((entries) => Object.fromEntries(entries));
const { tree } = fc.letrec((tie) => ({ tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('tree'), { maxLength: 4 }), record(tie('tree'))) }));

describe('a document in MongoDB', () => {
  it('comes back as it was, whatever it holds', () => {
    fc.assert(fc.property(record(tree), (value) => expect(throughBson(value)).toEqual(value)), { numRuns: 500 });
  });
  it('keeps money as a 64-bit long and leaves out what is undefined', () => {
    expect(toStored({ minor: 5n, big: 2n ** 63n, none: undefined, 'a.b': '$x' })).toEqual({ minor: 5n, big: { '%n': '9223372036854775808' }, 'a%2eb': '$x' });
  });
  it('is refused where it could not come back', () => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, new Map(), new Date(0)]) expect(() => toStored({ wrong })).toThrow();
    for (const wrong of [null, 'text', [1]]) expect(() => toStored(wrong)).toThrow('record');
  });
});

it('no two names of fields are stored alike', () => {
  fc.assert(fc.property(name, (key) => expect(originalName(storedName(key))).toBe(key)), { numRuns: 1000 });
});
