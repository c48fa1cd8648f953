import fc from 'fast-check';
import { PartitionProgress } from './progress.js';

describe('how far a partition has got', () => {
  it('is below the first message that is not done, whatever the order in which others end', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 1000 }), fc.infiniteStream(fc.nat()), (count, first, dice) => {
      const progress = new PartitionProgress();
      const open = Array.from({ length: count }, (_, i) => ({ offset: first + i, done: progress.take(first + i) }));
      while (open.length > 0) {
        expect(progress.watermark).toBe(Math.min(...open.map(({ offset }) => offset)));
        const [ended] = open.splice(dice.next().value % open.length, 1);
        ended!.done();
      }
      expect([progress.watermark, progress.inFlight]).toEqual([first + count, 0]);
    }));
  });
  it('is unknown before anything was taken', () => expect(new PartitionProgress().watermark).toBeUndefined());
});
