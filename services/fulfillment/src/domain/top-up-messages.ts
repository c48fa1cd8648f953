import type { Instant, Message, Money } from '@vouchsafe/kernel';

/** What was ordered, frozen when it starts. `providers`: the first one asked, then the next ones, each only after the one before said no for good. */
export type TopUpTerms = {
  readonly deliveryId: string; readonly orderId: string; readonly lineId: string; readonly channelId: string; readonly productId: string; readonly supplierId: string;
  readonly providers: readonly string[]; readonly providerSku?: string;
  /** Vault reference; the account itself is never in an event. */
  readonly accountRef: string; readonly accountToken: string;
  readonly quantity: number; readonly face: Money;
  /** Agreed cost of one unit without recoverable tax, six decimals, and that tax's rate; counts where the provider names no charge. */
  readonly unitCostMicros?: bigint; readonly inputTaxRateBp?: number;
  readonly guardMs: number; readonly allowRepeat: boolean; readonly giveUpAt: Instant;
};
export type Outcome = 'succeeded' | 'failed' | 'partial';
/** What a provider said, or what became of asking. `delivered` units, `charged` with all tax. */
export type ProviderAnswer =
  | { readonly status: 'succeeded'; readonly reference?: string; readonly charged?: Money }
  | { readonly status: 'partial'; readonly delivered: number; readonly reference?: string; readonly charged?: Money }
  /** For good: this request number will never be carried out. */
  | { readonly status: 'failed'; readonly reason: string }
  /** Taken; its end comes later. */
  | { readonly status: 'accepted'; readonly reference?: string }
  /** Nobody knows: no answer, an unreadable one, or the provider's own "unknown". */
  | { readonly status: 'unknown'; readonly reason: string }
  /** Asked about a number it never saw. It may still be on its way: the same number may be sent again, another one not. */
  | { readonly status: 'absent' };

export type TopUpCommand =
  | Message<'Start', { terms: TopUpTerms; at: Instant }>
  /** `silentAt`: when, without an answer, the provider is asked. */
  | Message<'RecordAttempt', { provider: string; requestNumber: string; silentAt: Instant; at: Instant }>
  | Message<'RecordAnswer', { requestNumber: string; answer: ProviderAnswer; at: Instant }>
  | Message<'Resolve', { outcome: Outcome; delivered: number; evidence: string; principalId: string; at: Instant }>;

export type TopUpEvent =
  | Message<'TopUpStarted', { terms: TopUpTerms; at: Instant }>
  | Message<'AttemptRecorded', { provider: string; requestNumber: string; dueAt: Instant; at: Instant }>
  | Message<'AttemptAnswered', { requestNumber: string; status: ProviderAnswer['status']; delivered?: number; reason?: string; reference?: string; charged?: Money; dueAt: Instant; at: Instant }>
  | Message<'TopUpEscalated', { provider: string; requestNumber: string; reason: string; at: Instant }>
  | Message<'TopUpResolved', { principalId: string; outcome: Outcome; delivered: number; evidence: string; at: Instant }>
  | Message<'TopUpEnded', {
      deliveryId: string; orderId: string; lineId: string; outcome: Outcome; deliveredQuantity: number; provider: string; supplierId: string; reason?: string;
      cost: Money; inputTax: Money;
    }>;
export type TopUpRejection = 'DELIVERY_ID_REUSED' | 'DELIVERY_UNKNOWN' | 'ATTEMPT_OPEN' | 'ATTEMPT_UNKNOWN' | 'NOT_ESCALATED' | 'TOP_UP_ENDED' | 'QUANTITY_OUT_OF_RANGE';
