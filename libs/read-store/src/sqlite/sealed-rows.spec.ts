import * as fc from 'fast-check';
import type { Cell } from './rows.js';
import { sealed, unsealed } from './sealed-rows.js';

const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }), fc.constant(null), fc.double({ noNaN: true }), fc.boolean().map((yes) => Uint8Array.of(yes ? 1 : 0)),
);

it('rows come out of a message as they went in', () => {
  fc.assert(fc.property(fc.array(cell, { maxLength: 50 }), (rows) => {
    const requests = [{ kind: 'write', name: 'card', rows }, { kind: 'put', name: 'card', rows }] as const;
    const together = { kind: 'all', requests: [...requests, { kind: 'checkpoint', name: 'p', position: 7, witness: null }] } as const;
    for (const request of [...requests, together]) expect(unsealed(structuredClone(sealed(request)))).toEqual(request);
  }));
});
it('other requests pass as they are', () => expect(unsealed(sealed({ kind: 'purge' }))).toEqual({ kind: 'purge' }));
