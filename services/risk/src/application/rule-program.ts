import { type Conclusion, conclude, type Features, type FeatureValue, type Rule, type RuleSet } from '../domain/rules.js';
import { type Feature, FEATURES, slotsOf, type Subject } from './features.js';
import type { RiskWindows } from './windows/risk-windows.js';

/** Values by name as a condition reads them: whole numbers are bigint, as CEL's are. */
export type Bindings = Readonly<Record<string, bigint | boolean | string | readonly string[]>>;
/** A compiled condition. `undefined`: it could not be evaluated (an overflow, a division by zero), which counts as not held. */
export type Condition = { readonly features: readonly string[]; readonly holds: (bindings: Bindings) => boolean | undefined };
/** What is wrong with a condition, and where (from 1). */
export type ConditionProblem = { readonly line: number; readonly column: number; readonly zh: string; readonly en: string };
export type Compiled = { readonly ok: true; readonly condition: Condition } | { readonly ok: false; readonly problem: ConditionProblem };
/** Turns a CEL text into a condition. Cost and regular expressions are bounded by it. */
export interface ConditionCompiler {
  compile(text: string): Compiled;
}

export type Outcome = Conclusion & { readonly features: Features; /** Rules that could not be evaluated. */ readonly failed: readonly string[] };
/** A rule set ready to judge. */
export type Program = { readonly version: string; readonly rules: readonly Rule[]; readonly judge: (subject: Subject, windows: RiskWindows) => Outcome };

export type RuleProblem = ConditionProblem & { readonly index: number; readonly rule: string };

/** Compiles a rule set, or names every rule that does not compile. */
export const programOf = ({ version, rules }: RuleSet, compiler: ConditionCompiler): { readonly ok: true; readonly program: Program } | { readonly ok: false; readonly problems: readonly RuleProblem[] } => {
  const problems: RuleProblem[] = [];
  const ready: { readonly rule: Rule; readonly condition: Condition }[] = [];
  rules.forEach((rule, index) => {
    const compiled = compiler.compile(rule.when);
    if (compiled.ok) ready.push({ rule, condition: compiled.condition });
    else problems.push({ ...compiled.problem, index, rule: rule.name });
  });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, program: { version, rules, judge: judgeOf(ready) } };
};

type Ready = { readonly rule: Rule; readonly condition: Condition };
type Value = ReturnType<Feature['read']>;

/**
 * Conditions are pure, and most orders give most of them what the order before did: each is evaluated only when one of its
 * features has another value than the last time.
 */
const judgeOf = (ready: readonly Ready[]): Program['judge'] => {
  const used = [...new Set(ready.flatMap(({ condition }) => condition.features))].map((name) => FEATURES.get(name)!);
  const places = new Map(used.map(({ name }, i) => [name, i]));
  const featuresOf = ready.map(({ condition }) => condition.features.map((name) => places.get(name)!));
  const values: (Value | undefined)[] = used.map(() => undefined);
  const bindings: Record<string, Bindings[string]> = {};
  const held: (boolean | undefined)[] = ready.map(() => undefined);
  const changed = used.map(() => false);

  return (subject, windows) => {
    const slots = slotsOf(subject, windows);
    const features: Record<string, FeatureValue> = {};
    for (let i = 0; i < used.length; i++) {
      const { name, read } = used[i]!;
      const value = read(subject, windows, slots);
      const kept = typeof value === 'object' ? value.join(' ') : value;
      if (kept) features[name] = kept;
      changed[i] = !isSame(value, values[i]);
      if (!changed[i]) continue;
      values[i] = value;
      bindings[name] = typeof value === 'number' ? BigInt(value) : value;
    }
    for (let i = 0; i < ready.length; i++) {
      const { condition } = ready[i]!;
      if (condition.features.length === 0 || featuresOf[i]!.some((place) => changed[place])) held[i] = condition.holds(bindings);
    }
    const rules = held.includes(true) ? ready.filter((_, i) => held[i]).map(({ rule }) => rule) : NO_RULES;
    const failed = held.includes(undefined) ? ready.filter((_, i) => held[i] === undefined).map(({ rule }) => rule.name) : NONE_FAILED;
    const { verdict, reasons, shadow } = conclude(rules, subject.challengeMet);
    return { verdict, reasons, shadow, features, failed };
  };
};
const NO_RULES: readonly Rule[] = [];
const NONE_FAILED: readonly string[] = [];

const isSame = (value: Value, other: Value | undefined): boolean =>
  value === other || (typeof value === 'object' && typeof other === 'object' && value.length === other.length && value.every((item, i) => item === other[i]));
