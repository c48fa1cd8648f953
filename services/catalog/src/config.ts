import { z } from 'zod';

/** Catalog's settings. Refused where they are not of this form. */
export const catalogConfig = z.strictObject({
  /** How long a quoted price is promised, ms. */
  quoteValidMs: z.number().int().min(1_000).max(600_000).default(30_000),
  /** Time zone of the default books. */
  zone: z.string().default('Asia/Shanghai'),
});
export type CatalogConfig = z.infer<typeof catalogConfig>;
