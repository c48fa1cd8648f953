import { randomBytes } from 'node:crypto';
import type { KeyWrap } from '../key-wrap.js';

/** `again` opens the same key anew; `other` is another key of the same kind. */
export type KeyWrapUnderTest = { readonly wrap: KeyWrap; again(): Promise<KeyWrap>; other(): Promise<KeyWrap> };

/** What every {@link KeyWrap} must keep. */
export const describeKeyWrapContract = (name: string, make: () => Promise<KeyWrapUnderTest>): void => {
  describe(`key wrap contract: ${name}`, () => {
    const key = randomBytes(32);

    it('opens what it wrapped, also when it is opened anew, each time wrapped differently', async () => {
      const { wrap, again } = await make();
      const [one, two] = [await wrap.wrap(key, 'a'), await wrap.wrap(key, 'a')];
      expect(one.equals(two)).toBe(false);
      expect(one.includes(key)).toBe(false);
      const reopened = await again();
      expect(reopened.id).toBe(wrap.id);
      for (const wrapped of [one, two]) expect((await reopened.unwrap(wrapped, 'a')).equals(key)).toBe(true);
    });
    it('opens nothing for another context, nothing that was changed, and nothing of another key', async () => {
      const { wrap, other } = await make();
      const wrapped = await wrap.wrap(key, 'a');
      const wrong = { name: 'Fault', code: 'KEY_WRONG', retryable: false };
      await expect(wrap.unwrap(wrapped, 'b')).rejects.toMatchObject(wrong);
      const changed = Buffer.from(wrapped);
      changed[changed.length - 8]! ^= 1;
      await expect(wrap.unwrap(changed, 'a')).rejects.toMatchObject(wrong);
      await expect(wrap.unwrap(Buffer.from('nothing'), 'a')).rejects.toMatchObject(wrong);
      const stranger = await other();
      expect(stranger.id).not.toBe(wrap.id);
      await expect(stranger.unwrap(wrapped, 'a')).rejects.toMatchObject(wrong);
    });
  });
};
