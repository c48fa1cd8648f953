import type { Money } from '@vouchsafe/kernel';

/** What a channel asks for, parsed. Personal values are raw here and nowhere further. */
export type OrderAsk = {
  readonly channelId: string;
  readonly number: string;
  readonly lines: readonly AskedLine[];
  readonly maxAmount?: Money;
  readonly quoteId: string;
  readonly memberTier: string;
  readonly whole: boolean;
  readonly buyer: BuyerAsk;
  readonly challengeProof: string;
};
export type AskedLine = {
  readonly productId: string;
  readonly quantity: number;
  readonly accountFields: Readonly<Record<string, string>>;
  readonly allowRepeat: boolean;
};
export type BuyerAsk = { readonly ref: string; readonly ip: string; readonly device: string; readonly email: string; readonly phone: string };

/** Line ids are their place in the order, from 1. */
export const lineIdOf = (index: number): string => String(index + 1);
