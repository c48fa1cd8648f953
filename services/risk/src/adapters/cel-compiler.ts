import { type CelEnv, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { RE2JS } from '@bufbuild/re2';
import type { Compiled, ConditionCompiler } from '../application/rule-program.js';
import { checkCondition, ConditionError, type Parsed } from './cel-check.js';
import type { CelKind } from './cel-types.js';

const TEXT_MAX = 2_000;
const PATTERNS_KEPT = 1_000;

/** Conditions in CEL (`@bufbuild/cel`): parsed, checked and planned once, then called. */
export const celCompiler = (kindOf: (feature: string) => CelKind | undefined): ConditionCompiler => {
  const env = celEnv({ re2: { compile: patternCache() } });
  return { compile: (text) => compile(env, text, kindOf) };
};

/** The library compiles a pattern at every evaluation; kept, it is compiled once. */
const patternCache = () => {
  const patterns = new Map<string, RE2JS>();
  return (pattern: string): { test(text: string): boolean } => {
    const known = patterns.get(pattern);
    if (known) return known;
    if (patterns.size >= PATTERNS_KEPT) patterns.clear();
    const compiled = RE2JS.compile(pattern);
    patterns.set(pattern, compiled);
    return compiled;
  };
};

const compile = (env: CelEnv, text: string, kindOf: (feature: string) => CelKind | undefined): Compiled => {
  if (text.length > TEXT_MAX) return { ok: false, problem: { line: 1, column: 1, zh: `最多 ${TEXT_MAX} 字`, en: `takes at most ${TEXT_MAX} characters` } };
  let parsed: Parsed;
  try {
    parsed = parse(text);
  } catch (error) {
    const { line = 1, column = 1 } = (error as { location?: { start?: { line?: number; column?: number } } }).location?.start ?? {};
    return { ok: false, problem: { line, column, zh: '语法错误', en: `syntax error: ${(error as Error).message}` } };
  }
  try {
    const features = checkCondition(parsed.expr, kindOf);
    const run = plan(env, parsed);
    return {
      ok: true,
      condition: {
        features,
        holds: (bindings) => {
          const value = run(bindings);
          return isCelError(value) ? undefined : value === true;
        },
      },
    };
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    return { ok: false, problem: { ...placeOf(text, parsed.sourceInfo?.positions[String(error.exprId)] ?? 0), zh: error.zh, en: error.en } };
  }
};

const placeOf = (text: string, offset: number): { readonly line: number; readonly column: number } => {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
};
