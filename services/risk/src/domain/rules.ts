/** What a rule does when its condition holds. `allow` has no force of its own: it is what is left. */
export type Action = 'deny' | 'review' | 'challenge';
export type VerdictWord = Action | 'allow';

/** A rule: a CEL condition over features. A shadow rule is watched, it decides nothing. */
export type Rule = {
  /** Stable name, `[a-z0-9-]`; what a verdict gives as its reason. */
  readonly name: string;
  readonly action: Action;
  readonly when: string;
  readonly zh: string;
  readonly en: string;
  readonly shadow: boolean;
};
export type RuleSet = { readonly version: string; readonly rules: readonly Rule[] };

/** The value of a feature: counts and minor units are whole numbers. */
export type FeatureValue = boolean | number | string;
export type Features = Readonly<Record<string, FeatureValue>>;

export type Conclusion = { readonly verdict: VerdictWord; readonly reasons: readonly string[]; readonly shadow: readonly string[] };

const STRENGTH: Readonly<Record<VerdictWord, number>> = { allow: 0, challenge: 1, review: 2, deny: 3 };
const NOTHING_HELD: Conclusion = { verdict: 'allow', reasons: [], shadow: [] };
/** Names a verdict gives at most. */
const REASONS_MAX = 16;

/**
 * The verdict of the rules that hold: deny over review over challenge over allow. Reasons are named strongest first. A met
 * challenge is not asked for again.
 */
export const conclude = (held: readonly Rule[], challengeMet: boolean): Conclusion => {
  if (held.length === 0) return NOTHING_HELD;
  const counting = held.filter((rule) => !rule.shadow && !(challengeMet && rule.action === 'challenge'));
  const ordered = [...counting].sort((a, b) => STRENGTH[b.action] - STRENGTH[a.action]);
  return {
    verdict: ordered[0]?.action ?? 'allow',
    reasons: ordered.slice(0, REASONS_MAX).map(({ name }) => name),
    shadow: held.filter(({ shadow }) => shadow).slice(0, REASONS_MAX).map(({ name }) => name),
  };
};
