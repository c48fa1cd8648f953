import { z } from 'zod';

/** Settings of risk. Times in milliseconds. */
export const riskConfig = z.strictObject({
  /** Until when a person may decide a review; then the order's default, deny, counts. */
  reviewTimeoutMs: z.number().int().min(60_000).max(7 * 86_400_000).default(30 * 60_000),
  /** How long a met challenge counts for another order of the same buyer and device. */
  challengeValidMs: z.number().int().min(10_000).max(86_400_000).default(15 * 60_000),
  windows: z.strictObject({
    /** Keys held per kind (buyers, devices, addresses, payees); about 0.2 KB each with a few events. */
    keysPerTable: z.number().int().min(1_000).max(2_000_000).default(200_000),
    /** Moments held per kind and counter, 28 bytes each, allocated as needed. */
    momentsPerTable: z.number().int().min(10_000).max(20_000_000).default(1_000_000),
  }).prefault({}),
});
export type RiskConfig = z.infer<typeof riskConfig>;
