import { z } from 'zod';

const seconds = (value: number) => z.number().int().min(1).max(86_400_000).default(value * 1000);

/** Settings of the order service; times in milliseconds. */
export const orderConfig = z.object({
  /** Reserve and hold lapse after this; silence until then ends the order. */
  answerWithinMs: seconds(10),
  /** Stock is held this long unless committed; reviews and payments add theirs. */
  holdStockMs: seconds(900),
  /** Money is held longer than stock by this. */
  holdFundsMarginMs: seconds(600),
  /** Stock is held beyond the buyer's time to pay by this. */
  paymentGraceMs: seconds(120),
  reviewTimeoutMs: seconds(1800),
  /** Risk's time to answer before the fallback counts. */
  riskDeadlineMs: z.number().int().min(1).max(10_000).default(50),
  /** What a silent risk service means, by settlement mode. */
  riskFallback: z.object({
    prepaid: z.enum(['allow', 'review', 'deny']).default('allow'),
    credit: z.enum(['allow', 'review', 'deny']).default('allow'),
    consumerPay: z.enum(['allow', 'review', 'deny']).default('allow'),
  }).default({ prepaid: 'allow', credit: 'allow', consumerPay: 'allow' }),
  /** One command's time to be answered before it is sent again. */
  commandDeadlineMs: seconds(5),
  /** Orders in progress in this process; beyond it new ones are refused as BUSY. */
  openOrdersMax: z.number().int().min(1).max(1_000_000).default(50_000),
  /** Orders of one stream call worked on at the same time. */
  streamConcurrency: z.number().int().min(1).max(1024).default(64),
  /** A provider's fee on what it takes in, and the recoverable tax rate on the fee; basis points. */
  providerFeeBp: z.number().int().min(0).max(10_000).default(60),
  providerFeeTaxBp: z.number().int().min(0).max(10_000).default(600),
  /** A payment provider's time to answer a call. */
  providerDeadlineMs: seconds(10),
  /** Live: more than this given back in one refund needs two persons; minor units. */
  refundAloneMaxMinor: z.number().int().min(0).default(1_000_000),
  /** A refund the provider has not settled after this is a person's. */
  refundStuckAfterMs: seconds(86_400),
});
export type OrderConfig = z.infer<typeof orderConfig>;
