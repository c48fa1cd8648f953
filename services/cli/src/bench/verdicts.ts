import { randomUUID } from 'node:crypto';
import { RiskAssessmentService } from '@vouchsafe/proto/risk/internal/v1/assessment';
import { everything } from './importer.js';
import { type Figure, median } from './report.js';
import { Shop } from './shop.js';

const GOAL_MS = 1;
const WARM = 4_000;
const VERDICTS = 5_000;
/** So many verdicts, then the log is waited for, outside of what is timed. */
const PAUSE_AFTER = 200;
const [BUYERS, DEVICES, ADDRESSES] = [9_000, 7_000, 8_000];

/** P11: how long risk takes to judge one order and to append its verdict, in process, one after another. */
export const measureVerdicts = async (rounds: number): Promise<Figure> => {
  const shop = await Shop.open();
  try {
    await assessed(shop, 0, WARM);
    const [p50, p99]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const times = (await assessed(shop, WARM + round * VERDICTS, VERDICTS)).sort((a, b) => a - b);
      p50.push(times[Math.floor(VERDICTS * 0.5)]!);
      p99.push(times[Math.floor(VERDICTS * 0.99)]!);
    }
    return {
      id: 'P11', what: 'risk verdict, p99 in process', value: median(p99), unit: 'ms', ratio: median(p99), goal: GOAL_MS, atMost: true, p50Ms: median(p50), p99Ms: median(p99),
      note: `${rounds} × ${VERDICTS.toLocaleString('en')} verdicts with the shipped rules`,
    };
  } finally {
    await shop.close();
  }
};

/** Milliseconds of each of `count` verdicts from the `first` on. */
const assessed = async (shop: Shop, first: number, count: number): Promise<number[]> => {
  const { rpc, store } = shop.running;
  const times: number[] = [];
  for (let n = first; n < first + count; n++) {
    const request = asked(n);
    const from = performance.now();
    await rpc.call(RiskAssessmentService.method.assess, request, everything());
    times.push(performance.now() - from);
    if (n % PAUSE_AFTER === 0) await store.durable(store.head());
  }
  return times;
};

const token = (kind: string, n: number): string => `tok_${Buffer.from(`${kind}${n}`).toString('hex').padStart(32, '0')}`;
const asked = (n: number) => {
  const orderId = `ord_${randomUUID()}`;
  const gross = { minor: 990n, currency: 'CNY' };
  return {
    orderId, fingerprint: 'fingerprint-of-22-char', channelId: 'chn_dist', total: gross, principalId: 'pri_bench', atMs: BigInt(Date.now()), correlation: orderId, lines: [{ productId: 'prd_video-month', quantity: 1 + (n % 3), gross }],
    buyerToken: token('b', n % BUYERS), deviceToken: token('d', n % DEVICES), ipToken: token('i', n % ADDRESSES), payeeToken: '', ip: `${1 + (n % 222)}.7.${n % 251}.9`, emailDomain: '', challengeProof: '',
  };
};
