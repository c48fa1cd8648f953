import { displayMoney, type Instant, type Money } from '@vouchsafe/kernel';
import { VerdictKind } from '@vouchsafe/proto/risk/v1/risk';
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

const TOKEN = 'n:';
const PAGE_DEFAULT = 50;
const PAGE_MAX = 500;
/** A page of what is at hand in order; the token says how many came before. */
export const pageOf = <T>(all: readonly T[], pageSize: number, pageToken: string): { readonly items: readonly T[]; readonly nextPageToken: string } | undefined => {
  const text = Buffer.from(pageToken, 'base64url').toString();
  const from = pageToken === '' ? 0 : text.startsWith(TOKEN) ? Number(text.slice(TOKEN.length)) : Number.NaN;
  if (!Number.isSafeInteger(from) || from < 0) return undefined;
  const size = pageSizeOf(pageSize);
  return { items: all.slice(from, from + size), nextPageToken: from + size < all.length ? Buffer.from(`${TOKEN}${from + size}`).toString('base64url') : '' };
};
export const pageSizeOf = (pageSize: number): number => Math.min(Math.max(0, pageSize) || PAGE_DEFAULT, PAGE_MAX);
