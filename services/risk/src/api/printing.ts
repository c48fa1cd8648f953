import { displayMoney, type Instant, type Money } from '@vouchsafe/kernel';
import { VerdictKind } from '@vouchsafe/proto/risk/v1/risk';
import { type Caller, type PageRequest, pageScope, printPageToken, readPageToken } from '@vouchsafe/rpc';
import type { Features, Rule, VerdictWord } from '../domain/rules.js';

const WORDS: readonly (VerdictWord | undefined)[] = [undefined, 'allow', 'challenge', 'review', 'deny'];
export const verdictTo = (word: VerdictWord): VerdictKind => WORDS.indexOf(word);
export const verdictFrom = (kind: VerdictKind): VerdictWord | undefined => WORDS[kind];
export const timestamp = (at: Instant | number | undefined) =>
  at === undefined ? undefined : { seconds: BigInt(Math.floor(at / 1000)), nanos: (((at % 1000) + 1000) % 1000) * 1_000_000 };
export const shown = ({ minor, currency }: Money) => ({ minor, currency, display: displayMoney({ minor, currency }) });
export const featuresTo = (features: Features): Record<string, string> => Object.fromEntries(Object.entries(features).map(([name, value]) => [name, String(value)]));

/** Reasons with their words, as far as the rules at hand still know them. */
export const reasonsTo = (names: readonly string[], rules: readonly Rule[]) =>
  names.map((name) => {
    const rule = rules.find((one) => one.name === name);
    return { rule: name, ...(rule && { words: { zh: rule.zh, en: rule.en } }) };
  });

/** Words in both languages: a missing one is taken from the other, or from the name. */
export const bothWords = (text: { readonly zh: string; readonly en: string } | undefined, name: string): { readonly zh: string; readonly en: string } => ({
  zh: text?.zh || text?.en || name, en: text?.en || text?.zh || name,
});

const PAGE_DEFAULT = 50;
const PAGE_MAX = 500;
/** A page of what is at hand in order; the token says how many came before. */
export const pageOf = <T>(all: readonly T[], request: PageRequest, caller: Caller): { readonly items: readonly T[]; readonly nextPageToken: string } => {
  const scope = pageScope(request, caller);
  const [from = 0] = readPageToken(scope, request.pageToken, 'number') ?? [];
  const to = from + pageSizeOf(request.pageSize);
  return { items: all.slice(from, to), nextPageToken: to < all.length ? printPageToken(scope, [to]) : '' };
};
export const pageSizeOf = (pageSize: number): number => Math.min(Math.max(0, pageSize) || PAGE_DEFAULT, PAGE_MAX);
