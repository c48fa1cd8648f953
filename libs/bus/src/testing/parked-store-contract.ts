import { instant } from '@vouchsafe/kernel';
import type { ParkedStore } from '../parked-store.js';
import type { ParkedMessage } from '../port.js';

/** A parked message. */
export const aParked = (id: string, target: string, more: Partial<ParkedMessage> = {}): ParkedMessage => ({
  id, group: 'ledger', target, message: { id, 券: true }, error: 'why', attempts: 5, parkedAt: instant(1), ...more,
});

/** What every store of parked messages keeps. */
export const describeParkedStoreContract = (name: string, make: () => Promise<ParkedStore>): void => {
  describe(`parked messages in ${name}`, () => {
    it('keep their order, also when one is parked again', async () => {
      const store = await make();
      await store.put(aParked('a', 's'));
      await store.put(aParked('b', 's', { behind: true }));
      await store.put(aParked('c', 't', { group: 'risk', retryAt: instant(9) }));
      await store.put(aParked('a', 's', { attempts: 6 }));
      expect((await store.list({ limit: 10 })).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
      expect(await store.list({ group: 'ledger', target: 's', limit: 1 })).toEqual([aParked('a', 's', { attempts: 6 })]);
      expect((await store.heads()).map(({ id }) => id)).toEqual(['a', 'c']);
      expect(await store.count()).toEqual({ messages: 3, halted: 2 });
      await store.remove('a');
      await store.remove('a');
      await store.put(aParked('b', 's'));
      expect((await store.heads()).map(({ id }) => id)).toEqual(['b', 'c']);
      expect([await store.get('a'), await store.get('c')]).toEqual([undefined, aParked('c', 't', { group: 'risk', retryAt: instant(9) })]);
      await store.close();
    });

    it('keep what a person decided about them, until it is carried out or refused', async () => {
      const store = await make();
      await store.put(aParked('x', 'u'));
      await store.put(aParked('y', 'v'));
      expect([await store.decide('x', 'retry'), await store.decide('y', 'drop'), await store.decide('absent', 'drop')]).toEqual([true, true, false]);
      await store.put(aParked('x', 'u', { attempts: 6 })); // tried again meanwhile: it stays decided
      expect(await store.decisions()).toEqual([{ id: 'x', what: 'retry' }, { id: 'y', what: 'drop' }]);
      await store.settle('x', 'still broken');
      await store.remove('y');
      expect([await store.decisions(), await store.decision('x'), await store.decision('y')]).toEqual([[], { id: 'x', what: 'retry', refused: 'still broken' }, undefined]);
      await store.decide('x', 'drop'); // the last word counts
      expect(await store.decisions()).toEqual([{ id: 'x', what: 'drop' }]);
      await store.settle('x');
      expect([await store.decisions(), await store.decision('x'), await store.get('x')]).toEqual([[], undefined, aParked('x', 'u', { attempts: 6 })]);
      await store.close();
    });
  });
};
