import { z } from 'zod';

/** How access behaves; all has defaults that fit. */
export const accessConfig = z.strictObject({
  /** How often uses of credentials are offered to their streams (which note one a week). */
  useNotePeriodMs: z.number().int().min(1_000).max(86_400_000).default(600_000),
  /** Principals and approvals kept folded in memory. */
  cachedStreams: z.number().int().min(100).max(1_000_000).default(10_000),
});
export type AccessConfig = z.infer<typeof accessConfig>;
