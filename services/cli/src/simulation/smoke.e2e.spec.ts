import { smoke } from './smoke.js';

const SEEDS = process.env.VOUCHSAFE_LONG === '1' ? 200 : 20;
const options = { orders: 60, codes: 100, kills: 4 };

describe('the real services on simulated adapters', () => {
  it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('keep every promise under kills and a lossy bus (seed %i)', async (seed) => {
    const { acked, refused, lost, stuck, findings } = await smoke(seed, options);
    expect({ lost, stuck, ...findings.violations }).toEqual({ lost: [], stuck: [], integrity: [], codes: [], redemptions: [], books: [], orders: [] });
    expect(acked + refused).toBe(options.orders);
  }, 60_000);

  it('have one history per seed', async () => {
    const [first, second, other] = [await smoke(7, options), await smoke(7, options), await smoke(8, options)];
    expect(second.hash).toBe(first.hash);
    expect(other.hash).not.toBe(first.hash);
  }, 120_000);
});
