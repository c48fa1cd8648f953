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
  const used = [...new Set(ready.flatMap(({ condition }) => condition.features))].map((name) => FEATURES.get(name)!);
  return { ok: true, program: { version, rules, judge: (subject, windows) => judge(ready, used, subject, windows) } };
};

const judge = (
  ready: readonly { readonly rule: Rule; readonly condition: Condition }[], used: readonly Feature[], subject: Subject, windows: RiskWindows,
): Outcome => {
  const slots = slotsOf(subject, windows);
  const bindings: Record<string, bigint | boolean | string | readonly string[]> = {};
  const features: Record<string, FeatureValue> = {};
  for (const { name, read } of used) {
    const value = read(subject, windows, slots);
    bindings[name] = typeof value === 'number' ? BigInt(value) : value;
    const kept = typeof value === 'object' ? value.join(' ') : value;
    if (kept) features[name] = kept;
  }
  const held: Rule[] = [];
  const failed: string[] = [];
  for (const { rule, condition } of ready) {
    const holds = condition.holds(bindings);
    if (holds) held.push(rule);
    else if (holds === undefined) failed.push(rule.name);
  }
  return { ...conclude(held, subject.challengeMet), features, failed };
};
