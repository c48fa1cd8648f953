import { z } from 'zod';

const zone = z.string().refine((name) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false; // the only way to ask whether a zone is known
  }
}, 'no IANA time zone');
const bookTerms = z.strictObject({
  zone,
  /** Minutes after midnight until which sales count for the day before. */
  cutOffMinutes: z.int().min(0).max(720).default(0),
});

export const ledgerConfig = z.strictObject({
  /** Terms of books by id; a book that is not named has the standard ones. */
  books: z.record(z.string(), bookTerms).default({}),
  standardBook: bookTerms.default({ zone: 'Asia/Shanghai', cutOffMinutes: 0 }),
  /** Journals that a new book's entries are spread over; frozen per book when it is opened. */
  journalShards: z.int().min(1).max(64).default(4),
  /** Events after which a stream is continued in a new segment, so that reading one stays short. */
  segmentEvents: z.int().min(10).max(100_000).default(10_000),
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
