import { create } from '@bufbuild/protobuf';
import { PrincipalKind } from '@vouchsafe/proto/access/v1/resources';
import { TerminalSchema } from '@vouchsafe/proto/catalog/v1/resources';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { watchedClock } from '../testing/watched-clock.js';
import { codesOf, Premises } from './testing/premises.js';
import type { Told } from './testing/wire.js';

const { redeemVoucher, checkVoucher, lookupVoucher, unlockTerminal, streamRedemptions } = RedemptionService.method;
const TILLS = Array.from({ length: 12 }, (_, i) => `trm_extra-${i}`);
const GUESSES = 1_000;
/** After the question; longer than any look-up takes. */
const ANSWERED_AFTER_MS = 300;
/** The machine's timers may be early by so much. */
const TIMER_MS = 2;
const guess = (i: number): string => `${String(i).padStart(4, '0')}-ABCD-EFGH-JKMN-P`;

describe('whoever guesses codes', () => {
  const clock = watchedClock();
  let premises: Premises;
  let sold: readonly { readonly code: string; readonly voucherId: string }[];
  /** Codes that are wrong for a till, each in its own way. */
  let wrong: Readonly<Record<'unknown' | 'misspelt' | 'not sold yet' | 'malformed' | 'nearly right', string>>;

  beforeAll(async () => {
    premises = await Premises.open({ more: { clock } });
    await premises.furnish((document) => {
      document.terminals.push(...TILLS.map((id) => create(TerminalSchema, { id, storeId: 'sto_lake', name: { zh: id, en: id }, scenes: ['counter'] })));
    });
    for (const till of TILLS) await premises.hire(till, { kind: PrincipalKind.TERMINAL, terminalId: till });
    await premises.mint('prd_coffee', 40);
    await premises.stock('prd_video-month', 'sup_video', codesOf('GUESS', 3));
    const order = await premises.order('chn_dist', { number: 'G-1', lines: [{ productId: 'prd_coffee', quantity: 20 }] });
    sold = await premises.disclose('chn_dist', order.orderId);
    const code = sold[0]!.code;
    const last = code.at(-1)!;
    wrong = {
      unknown: '0123-4567-89AB-CDEF-4', misspelt: `${code.slice(0, -1)}${last === 'A' ? 'B' : 'A'}`, 'not sold yet': codesOf('GUESS', 3)[2]!, malformed: 'x',
      'nearly right': `${code.slice(0, 5)}0000${code.slice(9)}`,
    };
  }, 20_000);
  afterAll(() => premises.close());

  let sequence = 0;
  const redeem = (till: string, code: string, headers = {}): Promise<Told> =>
    premises.wire.ask(redeemVoucher, [{ voucher: { case: 'code', value: code }, sequence: BigInt(++sequence), scene: 'counter' }], premises.as(till, headers));

  /** Presents a code, and tells what was asked of the vault meanwhile, and how the answer was held back. */
  const presented = async (till: string, code: string) => {
    const { rpc } = premises.running();
    const asked: { readonly name: string; readonly at: number }[] = [];
    const call = rpc.call.bind(rpc);
    const spy = jest.spyOn(rpc, 'call').mockImplementation((method, ...rest) => {
      if (method.parent.name === 'SecretsService') asked.push({ name: method.name, at: performance.now() });
      return call(method, ...rest);
    });
    const from = performance.now();
    const { result, told, sleeps } = await clock.overhear(() => redeem(till, code));
    const to = performance.now();
    spy.mockRestore();
    const held = sleeps.filter(({ until }) => told.some((moment) => Math.abs(until - ANSWERED_AFTER_MS - moment) < 1e-6));
    return { answer: result, asked, from, to, held };
  };

  it('learns nothing from the answer: whatever is wrong with a code, it is the same to the byte, and comes at the same time after the question', async () => {
    const answers = new Set<string>();
    for (const [i, [how, code]] of Object.entries(wrong).entries()) {
      const { answer: { status, code: reason, text, details, fields, retryAfterMs }, asked, from, to, held } = await presented(TILLS[i]!, code);
      answers.add(JSON.stringify([status, reason, text, details, fields, retryAfterMs]));
      expect([how, asked.map(({ name }) => name), held.length]).toEqual([how, ['FindByCode'], 1]);
      // Counted from before the code was looked for, less what the search took: nothing of that can be told from outside.
      const [{ at: searched }, pause] = [asked[0]!, held[0]!];
      const begun = pause.until - ANSWERED_AFTER_MS;
      expect([how, begun >= from, begun <= searched, pause.from >= searched, to >= pause.until - TIMER_MS]).toEqual([how, true, true, true, true]);
    }
    expect([...answers]).toEqual([expect.stringContaining('VOUCHER_NOT_VALID')]);
    const { answer, held } = await presented(TILLS[9]!, sold[14]!.code);
    expect([answer.ok, held]).toEqual([true, []]);
  });

  it('is told the same of a code of another channel as of none, by checking and by looking up', async () => {
    const answers = new Set<string>();
    for (const code of [sold[1]!.code, wrong.unknown, wrong.misspelt]) {
      for (const [method, request] of [[checkVoucher, { code }], [lookupVoucher, { code, reason: 'asked' }]] as const) {
        const told = await premises.wire.ask(method, [request], premises.as('chn_corp'));
        answers.add(JSON.stringify([told.status, told.code, told.text, told.details]));
      }
    }
    expect([...answers]).toEqual([expect.stringContaining('VOUCHER_NOT_VALID')]);
    expect((await premises.wire.ask(checkVoucher, [{ code: sold[1]!.code }], premises.as('chn_dist'))).ok).toBe(true);
  });

  it('is slowed after five, however many are sent at once and whatever the calls are called, while honest tills go on', async () => {
    const [till, honest] = [TILLS[10]!, TILLS[11]!];
    const attack = Promise.all(Array.from({ length: GUESSES }, (_, i) => redeem(till, guess(i), { 'x-request-id': 'always-this' })));
    const used = await Promise.all(sold.slice(2, 12).map(({ code }) => redeem(honest, code)));
    expect(used.map(({ code }) => code)).toEqual(used.map(() => ''));
    const told = await attack;
    const evaluated = told.filter(({ code }) => code === 'VOUCHER_NOT_VALID').length;
    expect(evaluated).toBeGreaterThanOrEqual(1);
    expect(evaluated).toBeLessThanOrEqual(8); // five are free, then one after each pause, which doubles
    expect(told.filter(({ code }) => !/^(VOUCHER_NOT_VALID|TERMINAL_SLOWED)$/.test(code)).map(({ code }) => code)).toEqual([]);
    for (const slowed of told.filter(({ code }) => code === 'TERMINAL_SLOWED')) expect([slowed.status, slowed.retryAfterMs! > 0]).toEqual([8, true]);
    // While it waits the right code does not come through either, and says no more than a wrong one; a stream is no way around.
    while ((await redeem(till, guess(7))).code !== 'TERMINAL_SLOWED');
    const right = await redeem(till, sold[12]!.code);
    expect([right.status, right.code]).toEqual([8, 'TERMINAL_SLOWED']);
    const streamed = await premises.wire.ask(streamRedemptions, Array.from({ length: 20 }, (_, i) => ({ voucher: { case: 'code', value: guess(i) }, sequence: BigInt(10_000 + i) })), premises.as(till));
    expect(streamed.json.match(/TERMINAL_SLOWED/g)!.length).toBeGreaterThanOrEqual(19);
    // Evaluated guesses are facts, one event each, each with an id of its own.
    const noted = (await premises.events()).filter(({ stream }) => stream === `guess-${till}`);
    expect(noted.length).toBeGreaterThanOrEqual(evaluated);
    expect(noted.length).toBeLessThanOrEqual(evaluated + 3);
    expect(new Set(noted.map(({ id }) => id)).size).toBe(noted.length);
  }, 20_000);

  it('is let in again by a person, with a reason, and the voucher that was guessed at is as it was', async () => {
    const till = TILLS[10]!;
    expect((await premises.wire.ask(unlockTerminal, [{ terminalId: till, reason: '' }], premises.as('admin'))).fields[0]?.pointer).toBe('/reason');
    expect((await premises.wire.ask(unlockTerminal, [{ terminalId: till, reason: 'new cashier' }], premises.as(till))).code).toBe('PERMISSION_MISSING');
    expect((await premises.wire.get(unlockTerminal, { terminalId: till, reason: 'new cashier' }, premises.as('admin'))).unlocked).toBe(true);
    expect((await redeem(till, sold[12]!.code)).ok).toBe(true);
    expect((await redeem(till, sold[12]!.code)).code).toBe('ALREADY_REDEEMED');
  });

  it('gets nowhere with a voucher’s public id alone', async () => {
    const told = await premises.wire.ask(redeemVoucher, [{ voucher: { case: 'voucherId', value: sold[13]!.voucherId }, sequence: 99_999n, scene: 'counter' }], premises.as('trm_lake-1'));
    expect([told.ok, told.code]).toEqual([false, 'VOUCHER_ID_NOT_ENOUGH']);
  });

  it('cannot count vouchers by their public ids', () => {
    const numbers = sold.map(({ voucherId }) => voucherId.slice(4));
    expect(new Set(numbers.map((id) => id.length)).size).toBe(1);
    const shared = numbers.slice(1).map((id, i) => [...id].filter((letter, at) => letter === numbers[i]![at]).length / id.length);
    expect(Math.max(...shared)).toBeLessThan(0.4); // neighbours in one batch have nothing in common but chance
  });
});
