import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { instant } from '@vouchsafe/kernel';
import { type Clock, createIds, type Ids, type Namespace, type Random, seededRandom, simulatedClock } from '@vouchsafe/runtime';
import { type KeyWrap, localKeyWrap } from '../key-wrap.js';
import { type Nonces, type PersonalVault, subjectOfRef } from '../personal-vault.js';

export type OpenPersonalVault = { readonly namespace: Namespace; readonly keys: KeyWrap; readonly random: Random; readonly ids: Ids; readonly clock: Clock };
/** Where a vault lies, empty at first. `open` is a process's start on it; the suite has one open at a time. */
export type PersonalVaultGround = {
  open(options: OpenPersonalVault): Promise<PersonalVault & Nonces>;
  /** Opens what `copyTo` has written. */
  openCopy(file: string, options: OpenPersonalVault): Promise<PersonalVault & Nonces>;
  close(): Promise<void>;
};

const buyer = { channelId: 'chn_1', buyer: 'zhang-san-4711' };
const PHONE = { kind: 'phone', value: '138 0013 8000' } as const;
const IP = { kind: 'ip', value: '203.0.113.77' } as const;

/** What every adapter of the {@link PersonalVault} and {@link Nonces} ports must keep. */
export const describePersonalVaultContract = (name: string, makeGround: () => Promise<PersonalVaultGround>): void => {
  const clock = simulatedClock(instant(1_700_000_000_000));
  const seeds = { next: 1_000 };
  const wrap = localKeyWrap(Buffer.alloc(32, 7), seededRandom(77));
  const grounds: PersonalVaultGround[] = [];
  const options = (keys: KeyWrap): OpenPersonalVault => {
    const random = seededRandom(seeds.next++);
    return { namespace: 'live', keys, random, ids: createIds(clock, random), clock };
  };
  const aGround = async (): Promise<PersonalVaultGround> => {
    const ground = await makeGround();
    grounds.push(ground);
    return ground;
  };
  const open = (ground: PersonalVaultGround, keys: KeyWrap = wrap): Promise<PersonalVault & Nonces> => ground.open(options(keys));
  const fresh = async (): Promise<PersonalVault & Nonces> => open(await aGround());
  afterAll(async () => {
    for (const ground of grounds) await ground.close();
  });

  describe(`personal vault contract: ${name}`, () => {
    it('is answered as reference, token and mask, and can be revealed', async () => {
      const vault = await fresh();
      const [phone, ip] = await vault.protect([PHONE, IP], buyer);
      expect(phone).toEqual({ kind: 'phone', ref: expect.stringMatching(/^sub_[0-9a-z]{26}\.0$/), token: expect.stringMatching(/^tok_[0-9a-f]{32}$/), masked: '138****8000' });
      expect(ip!.masked).toBe('203.0.*.*');
      expect(await vault.reveal(phone!.ref)).toBe('138 0013 8000');
      expect(await vault.reveal(ip!.ref)).toBe('203.0.113.77');
      expect(await vault.reveal('sub_00000000000000000000000000.0')).toBeUndefined();
      await vault.close();
    });

    it('has the same token wherever it turns up, and a buyer’s reference only within its channel', async () => {
      const vault = await fresh();
      const [a] = await vault.protect([{ kind: 'phone', value: '+86-13800138000' }], buyer);
      const [b] = await vault.protect([PHONE]);
      expect(a!.token).toBe(b!.token);
      expect(subjectOfRef(a!.ref)).not.toBe(subjectOfRef(b!.ref));
      expect(vault.tokenOf(PHONE)).toBe(a!.token);
      const at = (channelId: string) => vault.tokenOf({ kind: 'buyer', value: 'b1' }, channelId);
      expect(at('chn_1')).not.toBe(at('chn_2'));
      await vault.close();
    });

    it('does not open under another key file', async () => {
      const ground = await aGround();
      await (await open(ground)).close();
      await expect(open(ground, localKeyWrap(Buffer.alloc(32, 8), seededRandom(1)))).rejects.toMatchObject({ code: 'KEY_WRONG' });
    });

    it('opens under a new key file after a rotation, and under the old one no more', async () => {
      const ground = await aGround();
      const next = localKeyWrap(Buffer.alloc(32, 9), seededRandom(2));
      const vault = await open(ground);
      const [phone] = await vault.protect([PHONE], buyer);
      expect(await vault.rotateKek(next)).toBe(2);
      expect(await vault.rotateKek(next)).toBe(0);
      expect(await vault.protect([PHONE], buyer)).toEqual([phone]);
      await vault.close();
      await expect(open(ground)).rejects.toMatchObject({ code: 'KEY_WRONG' });
      const again = await open(ground, next);
      expect(await again.reveal(phone!.ref)).toBe(PHONE.value);
      await again.close();
    });

    it('is gone for good once its subject is erased, with everything of that buyer and of nobody else', async () => {
      const ground = await aGround();
      const vault = await open(ground);
      const mine = await vault.protect([PHONE, IP], buyer);
      const other = await vault.protect([IP], { channelId: 'chn_1', buyer: 'li-si' });
      expect(await vault.subjectOf({ kind: 'buyer', value: buyer.buyer }, 'chn_1')).toBe(subjectOfRef(mine[0]!.ref));
      expect(await vault.erase(mine[1]!.ref)).toBe(true);
      expect(await vault.erase(mine[1]!.ref)).toBe(false);
      expect(await Promise.all(mine.map(({ ref }) => vault.reveal(ref)))).toEqual([undefined, undefined]);
      expect(await vault.reveal(other[0]!.ref)).toBe(IP.value);
      const again = await vault.protect([PHONE], buyer);
      expect(again[0]!.token).toBe(mine[0]!.token);
      expect(subjectOfRef(again[0]!.ref)).not.toBe(subjectOfRef(mine[0]!.ref));
      expect(await vault.reveal(mine[0]!.ref)).toBeUndefined();
      await vault.close();
    });

    it('keeps every value of a busy buyer, page after page', async () => {
      const vault = await fresh();
      const refs: string[] = [];
      for (let i = 0; i < 100; i++) refs.push((await vault.protect([{ kind: 'ip', value: `10.0.0.${i}` }], buyer))[0]!.ref);
      expect(new Set(refs).size).toBe(100);
      expect(await Promise.all(refs.map((ref) => vault.reveal(ref)))).toEqual(refs.map((_, i) => `10.0.0.${i}`));
      await vault.close();
    });

    it('goes along in a copy', async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'vault-copy-'));
      try {
        const ground = await aGround();
        const vault = await open(ground);
        const [phone] = await vault.protect([PHONE], buyer);
        await vault.copyTo(path.join(folder, 'copy'));
        await vault.erase(phone!.ref);
        await vault.close();
        const copy = await ground.openCopy(path.join(folder, 'copy'), options(wrap));
        expect(await copy.reveal(phone!.ref)).toBe(PHONE.value);
        await copy.close();
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
    it('is kept once: asked again, also after a restart, it is the same', async () => {
      const ground = await aGround();
      const first = await open(ground);
      const kept = await first.protect([PHONE, IP], buyer);
      expect(await first.protect([PHONE, IP], buyer)).toEqual(kept);
      await first.close();
      const second = await open(ground);
      expect(await second.protect([PHONE, IP], buyer)).toEqual(kept);
      expect(await second.reveal(kept[1]!.ref)).toBe(IP.value);
      await second.close();
    });

    it('of many calls at once for one buyer lies with one subject, each value once', async () => {
      const vault = await fresh();
      const calls = await Promise.all(Array.from({ length: 40 }, (_, i) => vault.protect([PHONE, { kind: 'ip', value: `10.0.0.${i % 20}` }], buyer)));
      const refs = calls.flat().map(({ ref }) => ref);
      expect(new Set(refs.map(subjectOfRef)).size).toBe(1);
      expect(new Set(refs).size).toBe(21);
      for (const [i, [phone, ip]] of calls.entries()) {
        expect(await vault.reveal(phone!.ref)).toBe(PHONE.value);
        expect(await vault.reveal(ip!.ref)).toBe(`10.0.0.${i % 20}`);
      }
      await vault.close();
    });

    it('that fills its page in one call goes on upon the next, each value once', async () => {
      const vault = await fresh();
      const ips = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ kind: 'ip', value: `10.1.0.${from + i}` }) as const);
      const first = await vault.protect(ips(0, 30), buyer);
      const second = await vault.protect(ips(20, 50), buyer);
      expect(second.slice(0, 10)).toEqual(first.slice(20));
      expect(new Set([...first, ...second].map(({ ref }) => ref)).size).toBe(50);
      for (const [i, { ref }] of [...first, ...second.slice(10)].entries()) expect(await vault.reveal(ref)).toBe(`10.1.0.${i}`);
      await vault.close();
    });

    it('that is kept for itself is revealed and erased like any other', async () => {
      const vault = await fresh();
      const ref = await vault.keep('credential', 'a-signing-key');
      expect(ref).toMatch(/^sub_[0-9a-z]{26}\.0$/);
      expect(await vault.reveal(ref)).toBe('a-signing-key');
      expect(await vault.reveal('sub_x.zz')).toBeUndefined();
      expect(await vault.reveal('nothing')).toBeUndefined();
      expect(await vault.erase(ref)).toBe(true);
      expect(await vault.reveal(ref)).toBeUndefined();
      await expect(vault.keep('credential', 'x'.repeat(256 * 1024 + 1))).rejects.toThrow('bound');
      await expect(vault.protect(Array.from({ length: 33 }, () => PHONE))).rejects.toThrow('bounds');
      await vault.close();
    });
  });

  describe(`nonces contract: ${name}`, () => {
    it('counts once, also across a restart, until its time is over', async () => {
      const ground = await aGround();
      const first = await open(ground);
      const until = instant(clock.now() + 300_000);
      const [one, two, elsewhere] = await Promise.all([first.claim('crd_1', 'n', until), first.claim('crd_1', 'n', until), first.claim('crd_2', 'n', until)]);
      expect([[one, two].filter(Boolean).length, elsewhere]).toEqual([1, true]);
      expect(await first.claim('crd_1', 'n', until)).toBe(false);
      await first.close();
      const second = await open(ground);
      expect(await second.claim('crd_1', 'n', until)).toBe(false);
      await clock.advance(300_001);
      expect(await second.claim('crd_1', 'n', instant(clock.now() + 300_000))).toBe(true);
      await second.close();
    });
  });
};
