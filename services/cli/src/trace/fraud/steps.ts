import { type Instant, plusMs } from '@vouchsafe/kernel';
import { shareOf } from '../chance.js';
import type { Purchase } from './purchases.js';
import { kindOf } from './shop.js';

export type StepKind = 'signUp' | 'order' | 'fetch' | 'redeem' | 'redeemRest' | 'reverse' | 'refund';
/** One thing that happens, and when. */
export type Step = { readonly at: Instant; readonly kind: StepKind; readonly purchase: Purchase };

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Of those delivered: so many fetch their secret unasked, redeem, take the redemption back, ask their money back. */
const SHARES = { fetch: 0.1, redeem: 0.5, reverse: 0.04, refund: 0.02 };
/** Within one minute: who signs up does so before he buys. */
const RANK: Readonly<Record<StepKind, number>> = { signUp: 0, order: 1, fetch: 2, redeem: 3, reverse: 4, redeemRest: 5, refund: 6 };

/** What becomes of a purchase, if it is delivered; the same in every run. */
const stepsOf = (purchase: Purchase): readonly Step[] => {
  const { row, at, value } = purchase;
  const share = (what: string): number => shareOf(what, row);
  const later = (what: string, days: number): Instant => plusMs(at, HOUR_MS + Math.floor(share(`${what}-when`) * days * DAY_MS));
  const steps: Step[] = [{ at: purchase.signUp, kind: 'signUp', purchase }, { at, kind: 'order', purchase }];
  if (share('fetch') < SHARES.fetch) steps.push({ at: later('fetch', 2), kind: 'fetch', purchase });
  if (share('refund') < SHARES.refund) steps.push({ at: later('refund', 5), kind: 'refund', purchase });
  if (kindOf(value) === 'code' || share('redeem') >= SHARES.redeem) return steps;
  const redeemAt = later('redeem', 20);
  steps.push({ at: redeemAt, kind: 'redeem', purchase });
  if (share('reverse') < SHARES.reverse) steps.push({ at: plusMs(redeemAt, HOUR_MS), kind: 'reverse', purchase });
  if (kindOf(value) === 'balance') steps.push({ at: plusMs(redeemAt, DAY_MS), kind: 'redeemRest', purchase });
  return steps;
};

/** Everything that happens, in the order of its time. */
export const timeline = (purchases: readonly Purchase[]): readonly Step[] =>
  purchases.flatMap(stepsOf).sort((a, b) => a.at - b.at || RANK[a.kind] - RANK[b.kind]);
