import type { Position } from '../../port.js';
import * as fc from 'fast-check';
import { RowSorter } from './row-sorter.js';
import { compareRows, type Row } from './run-format.js';
import { Tail } from './tail.js';

it('sorts the marks and ends of streams as a comparing sort would', () => {
  const word = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 0xffffffff }));
  const streams = fc.uniqueArray(fc.record({ a: word, b: word, c: word, length: fc.integer({ min: 1, max: 200 }) }), {
    selector: ({ a, b, c }) => `${a} ${b} ${c}`,
  });
  fc.assert(
    fc.property(streams, (all) => {
      const expected: Row[] = [];
      const sorter = new RowSorter(all.length * 4);
      for (const { a, b, c, length } of all) {
        const tail = new Tail(a, b, c, 1);
        for (let revision = 0; revision < length; revision++) {
          const position = 2 ** 33 + revision * 10;
          const marked = tail.moveTo(revision, position as Position);
          if (marked || revision === length - 1) expected.push({ a, b, c, revision, position });
        }
        sorter.add(tail);
      }
      expect([...sorter.rows()].map((row) => ({ ...row }))).toHaveLength(expected.length);
      const rows: Row[] = [];
      for (const row of sorter.rows()) rows.push({ ...row });
      expect(rows).toEqual(expected.sort(compareRows));
    }),
  );
});
