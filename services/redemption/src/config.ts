import { z } from 'zod';

const guessLimits = z.strictObject({
  /** Wrong codes in the window that cost nothing. */
  free: z.int().min(0).max(1_000),
  /** The till is locked with this many in the window. */
  lockAt: z.int().min(2).max(1_000),
  windowMs: z.int().min(60_000).max(7 * 86_400_000),
  /** Pause after the first beyond `free`, doubled each time, up to `pauseMaxMs`. */
  pauseMs: z.int().min(0).max(60_000),
  pauseMaxMs: z.int().min(0).max(3_600_000),
}).refine(({ free, lockAt }) => free < lockAt, { path: ['lockAt'], message: 'must be larger than free' });

/** Settings of redemption; every one has a default that suits a shop. */
export const redemptionConfig = z.strictObject({
  /** A wrong code is answered this long after it was presented, whatever was wrong with it. */
  wrongAfterMs: z.int().min(50).max(5_000).default(300),
  /** How old catalog's word about a terminal may be. */
  terminalMaxAgeMs: z.int().min(0).max(60_000).default(2_000),
  terminalGuesses: guessLimits.default({ free: 5, lockAt: 20, windowMs: 3_600_000, pauseMs: 1_000, pauseMaxMs: 60_000 }),
  /** Channels and staff, behind whom many people may stand: slowed to a code in ten seconds, so that they hardly reach the lock. */
  principalGuesses: guessLimits.default({ free: 20, lockAt: 1_000, windowMs: 3_600_000, pauseMs: 200, pauseMaxMs: 10_000 }),
  /** Redemptions of one stream of a till that are worked on at once. */
  streamWindow: z.int().min(1).max(1_024).default(64),
});
export type RedemptionConfig = z.output<typeof redemptionConfig>;
