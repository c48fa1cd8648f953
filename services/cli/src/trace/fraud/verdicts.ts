import type { RecordedEvent } from '@vouchsafe/event-store';

const WORDS = ['deny', 'review', 'challenge', 'allow'] as const;
type Word = (typeof WORDS)[number];
type Given = { readonly orderId: string; readonly verdict?: Word; readonly reasons?: readonly string[] };

/** How well something told fraud from honest purchases: of those it named so many were fraud, and of all fraud it named so much. */
export type Score = { readonly orders: number; readonly fraud: number; readonly precision: number; readonly recall: number };
export type VerdictScores = { readonly verdicts: Readonly<Record<Word, Score>>; readonly rules: Readonly<Record<string, Score>> };

/** Collects verdicts out of the log, to be held against what the file knows. An order without one acted on the fallback. */
export class VerdictWatch {
  readonly #given = new Map<string, { readonly verdict: Word; readonly reasons: readonly string[] }>();

  see({ stream, data }: RecordedEvent): void {
    if (!stream.startsWith('verdict-')) return;
    const { orderId, verdict = 'allow', reasons = [] } = data as unknown as Given;
    this.#given.set(orderId, { verdict, reasons });
  }

  /** `fraudOf`: whether each order was fraud, by its id. */
  scores(fraudOf: ReadonlyMap<string, boolean>): VerdictScores {
    const fraud = [...fraudOf.values()].filter(Boolean).length;
    const of = (named: (given: { readonly verdict: Word; readonly reasons: readonly string[] }) => boolean): Score => {
      const those = [...this.#given].filter(([orderId, given]) => fraudOf.has(orderId) && named(given));
      const hits = those.filter(([orderId]) => fraudOf.get(orderId)).length;
      return { orders: those.length, fraud: hits, precision: those.length === 0 ? 0 : hits / those.length, recall: fraud === 0 ? 0 : hits / fraud };
    };
    const rules = new Set([...this.#given.values()].flatMap(({ reasons }) => reasons));
    return {
      verdicts: Object.fromEntries(WORDS.map((word) => [word, of(({ verdict }) => verdict === word)])) as Record<Word, Score>,
      rules: Object.fromEntries([...rules].sort().map((rule) => [rule, of(({ reasons }) => reasons.includes(rule))])),
    };
  }
}
