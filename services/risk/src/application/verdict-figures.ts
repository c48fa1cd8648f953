import { type Figures, noFigures } from '@vouchsafe/runtime';
import type { VerdictEvent } from '../domain/verdict.js';

/** Counts verdicts as they are given here, and the reasons of each: a verdict with two reasons counts under both. */
export const verdictsCounter = (figures: Figures = noFigures): ((verdict: VerdictEvent) => void) => {
  const verdicts = figures.counter('vouchsafe_verdicts_total', 'Verdicts, by decision', ['decision']);
  const reasons = figures.counter('vouchsafe_verdict_reasons_total', 'Reasons of verdicts, by decision and rule', ['decision', 'reason']);
  return ({ verdict, reasons: why }) => {
    verdicts.with(verdict).inc();
    for (const reason of why) reasons.with(verdict, reason).inc();
  };
};
