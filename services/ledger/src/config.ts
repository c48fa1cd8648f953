import { z } from 'zod';

export const ledgerConfig = z.strictObject({
  /** Journals that a new book's entries are spread over; frozen per book when it is opened. */
  journalShards: z.int().min(1).max(64).default(4),
  /**
   * Events after which a stream is continued in a new segment, so that reading one stays short (some 0.1 s). Each turn of a page
   * carries the holds of the last minutes over, and every hold after it asks what was carried: turned too often, that is what a hold costs.
   */
  segmentEvents: z.int().min(10).max(100_000).default(50_000),
  /** Most folded streams kept in memory. */
  cachedStreams: z.int().min(10).max(100_000).default(1_000),
  /** How often holds that are past their end are looked at, and for how long one is left alone when the order says "keep it". */
  holdPollMs: z.int().min(100).default(5_000),
  holdKeepMs: z.int().min(1_000).default(3_600_000),
  /** Deadline of a question to another service. */
  askMs: z.int().min(100).default(2_000),
});
/** Parsed configuration; `ledgerConfig.parse({})` gives the defaults. */
export type LedgerConfig = z.infer<typeof ledgerConfig>;
