import fc from 'fast-check';
import { fromText, toText } from './document-text.js';

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0), fc.bigInt(), fc.string({ unit: 'grapheme' }),
    fc.array(tie('value')), fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$n', '$', '$$n', '__proto__', 'constructor')), tie('value'), { noNullPrototype: true }),
  ),
})).value;

it('brings any document back as it was', () => {
  fc.assert(fc.property(value, (document) => {
    const text = toText(document);
    expect(fromText(text)).toEqual(JSON.parse(text) === undefined ? undefined : document);
    expect(Object.keys(Object(fromText(text)) as object)).toEqual(Object.keys(Object(document) as object));
  }), { numRuns: 500 });
});

it('leaves out what is undefined, and changes nothing of what it is given', () => {
  const document = Object.freeze({ a: undefined, b: Object.freeze({ c: 5n, d: undefined }), $n: 'x' });
  expect(fromText(toText(document))).toEqual({ b: { c: 5n }, $n: 'x' });
});

it('looks at each part once, however deep', () => {
  let deep: unknown = 1n;
  for (let i = 0; i < 200; i++) deep = { deep };
  expect(fromText(toText(deep))).toEqual(deep);
});
