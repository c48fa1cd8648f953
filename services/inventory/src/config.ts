import { z } from 'zod';

/** What may be set for inventory. Refused, not clamped, where it lies outside. */
export const inventoryConfig = z
  .object({
    /** Rows sealed in one transaction: more is faster, and holds others up longer. */
    sealRows: z.number().int().min(64).max(16_384).default(1_024),
    /** Imports processed side by side. */
    importsAtOnce: z.number().int().min(1).max(8).default(2),
    /** How often lapsed reservations and expired stock are looked for. */
    sweepMs: z.number().int().min(100).max(3_600_000).default(5_000),
    /** Most bytes an upload may have. */
    uploadMaxBytes: z.number().int().min(1_024).default(16 * 1024 * 1024 * 1024),
  })
  .strict();
export type InventoryConfig = z.infer<typeof inventoryConfig>;
