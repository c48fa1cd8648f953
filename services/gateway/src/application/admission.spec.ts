import fc from 'fast-check';
import { Admission, type AdmissionLimits, type Release } from './admission.js';

const limits: AdmissionLimits = { inFlight: 4, waiting: 6, inFlightPerKey: 2, waitingPerKey: 3, streams: 3, streamsPerKey: 2 };
const notOver = { isOver: () => false };
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('admission', () => {
  it('lets a call in at once while there is room, and remembers no lane without work', () => {
    const admission = new Admission(limits);
    const release = admission.enter('a', notOver) as Release;
    expect([admission.inFlight, admission.lanes]).toEqual([1, 1]);
    release();
    release();
    expect([admission.inFlight, admission.lanes]).toEqual([0, 0]);
  });

  it('keeps a channel’s rush to its own lane: others come in, and it waits, then is refused', async () => {
    const admission = new Admission(limits);
    const places = [1, 2].map(() => admission.enter('rush', notOver) as Release);
    const waiting = [1, 2, 3].map(() => admission.enter('rush', notOver));
    expect(() => admission.enter('rush', notOver)).toThrow('BUSY');
    expect(typeof admission.enter('other', notOver)).toBe('function');
    places[0]!();
    await expect(waiting[0]).resolves.toBeInstanceOf(Function);
    expect(admission.waiting).toBe(2);
  });

  it('takes the lanes in turn', async () => {
    const admission = new Admission({ ...limits, inFlight: 1, inFlightPerKey: 1 });
    let release = admission.enter('a', notOver) as Release;
    const order: string[] = [];
    for (const key of ['a', 'a', 'b', 'c']) void (admission.enter(key, notOver) as Promise<Release>).then((next) => { order.push(key); release = next; });
    for (let i = 0; i < 4; i++) {
      release();
      await settle();
    }
    expect(order.toSorted()).toEqual(['a', 'a', 'b', 'c']);
    expect(order.lastIndexOf('a')).toBe(3);
  });

  it('passes over those nobody waits for any more', async () => {
    const admission = new Admission({ ...limits, inFlight: 1, inFlightPerKey: 1 });
    const release = admission.enter('a', notOver) as Release;
    const gone = admission.enter('a', { isOver: () => true }) as Promise<Release>;
    const next = admission.enter('a', notOver) as Promise<Release>;
    release();
    await expect(gone).rejects.toMatchObject({ code: 'BUSY' });
    (await next)();
    expect([admission.inFlight, admission.waiting, admission.lanes]).toEqual([0, 0, 0]);
  });

  it('counts streams apart', () => {
    const admission = new Admission(limits);
    const open = [admission.open('a'), admission.open('a')];
    expect(() => admission.open('a')).toThrow('BUSY');
    admission.open('b')();
    open.forEach((release) => release());
    expect([admission.streams, admission.lanes]).toEqual([0, 0]);
  });

  it('never exceeds a bound, and everybody gets in or is refused', async () => {
    const step = fc.oneof(fc.record({ key: fc.constantFrom('a', 'b', 'c') }), fc.record({ release: fc.nat(20) }));
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const admission = new Admission(limits);
      const held: { key: string; release: Release }[] = [];
      let entered = 0;
      let asked = 0;
      let refused = 0;
      const hold = (key: string) => (release: Release) => { entered++; held.push({ key, release }); };
      for (const next of steps) {
        if ('release' in next) held.splice(next.release % Math.max(1, held.length), 1)[0]?.release();
        else {
          asked++;
          try {
            const place = admission.enter(next.key, notOver);
            if (typeof place === 'function') hold(next.key)(place);
            else void place.then(hold(next.key));
          } catch {
            refused++;
          }
        }
        await settle();
        expect(admission.inFlight).toBe(held.length);
        expect(held.length).toBeLessThanOrEqual(limits.inFlight);
        expect(admission.waiting).toBeLessThanOrEqual(limits.waiting);
        for (const key of ['a', 'b', 'c']) expect(held.filter((place) => place.key === key).length).toBeLessThanOrEqual(limits.inFlightPerKey);
      }
      while (held.length > 0) {
        held.pop()!.release();
        await settle();
      }
      expect(entered + refused).toBe(asked);
      expect([admission.inFlight, admission.waiting, admission.lanes]).toEqual([0, 0, 0]);
    }), { numRuns: 60 });
  });
});
