import type { parse } from '@bufbuild/cel';
import { RE2JS } from '@bufbuild/re2';
import { type CelKind, FUNCTIONS, writtenAs } from './cel-types.js';

export type Parsed = ReturnType<typeof parse>;
type Expr = Parsed['expr'];

/** Nodes a condition may have: what bounds its cost, since nothing in it loops. */
export const NODES_MAX = 200;
const PATTERN_MAX = 200;

/** Where and why a condition is refused; `offset` counts characters from 0. */
export class ConditionError extends Error {
  constructor(readonly exprId: bigint, readonly zh: string, readonly en: string) {
    super(en);
  }
}

/**
 * Checks a parsed condition before it is planned: known features, allowed functions, fitting types, linear-time patterns,
 * bounded size, no loops. Answers the features it reads. Throws {@link ConditionError}.
 */
export const checkCondition = (expr: Expr, kindOf: (feature: string) => CelKind | undefined): readonly string[] => {
  const check = new Check(kindOf);
  const kind = check.kind(expr);
  if (kind !== 'bool') throw new ConditionError(expr.id, `条件应为真假值，实为 ${kind}`, `a condition is true or false, this is of type ${kind}`);
  return [...check.features];
};

class Check {
  readonly features = new Set<string>();
  #nodes = 0;

  constructor(readonly kindOf: (feature: string) => CelKind | undefined) {}

  kind(expr: Expr): CelKind {
    if (++this.#nodes > NODES_MAX) throw new ConditionError(expr.id, `条件过长，最多 ${NODES_MAX} 个节点`, `the condition is too costly: more than ${NODES_MAX} nodes`);
    const { exprKind } = expr;
    switch (exprKind.case) {
      case 'identExpr': return this.#feature(expr, exprKind.value.name);
      case 'constExpr': return this.#constant(expr, exprKind.value.constantKind.case);
      case 'listExpr': {
        const kinds = new Set(exprKind.value.elements.map((element) => this.kind(element)));
        if (kinds.size > 1) throw new ConditionError(expr.id, '列表中的类型不一致', 'the list mixes types');
        return 'list';
      }
      case 'callExpr': return this.#call(expr, exprKind.value.function, exprKind.value.target ? [exprKind.value.target, ...exprKind.value.args] : exprKind.value.args);
      case 'comprehensionExpr': throw new ConditionError(expr.id, '不允许循环（exists、all、map 等）', 'loops (exists, all, map, …) are not allowed; their cost has no bound');
      default: throw new ConditionError(expr.id, '不允许字段访问或结构', 'fields and structures are not allowed; features are plain names');
    }
  }

  #feature(expr: Expr, name: string): CelKind {
    const kind = this.kindOf(name);
    if (!kind) throw new ConditionError(expr.id, `没有名为 ${name} 的特征`, `there is no feature ${name}`);
    this.features.add(name);
    return kind;
  }
  #constant(expr: Expr, kind: string | undefined): CelKind {
    switch (kind) {
      case 'boolValue': return 'bool';
      case 'int64Value': return 'int';
      case 'doubleValue': return 'double';
      case 'stringValue': return 'string';
      default: throw new ConditionError(expr.id, '只允许整数、小数、文字与真假值', 'only integers, decimals, texts, true and false are allowed');
    }
  }
  #call(expr: Expr, name: string, args: readonly Expr[]): CelKind {
    const overloads = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]! : undefined;
    if (!overloads) throw new ConditionError(expr.id, `不允许函数 ${writtenAs(name)}`, `the function ${writtenAs(name)} is not allowed`);
    const kinds = args.map((arg) => this.kind(arg));
    if (name === 'matches') checkPattern(expr, args[1]);
    const fits = overloads.find(({ takes }) => takes.length === kinds.length && takes.every((kind, i) => kind === kinds[i]));
    if (!fits) throw new ConditionError(expr.id, `${writtenAs(name)} 不能用于 ${kinds.join('、')}`, `${writtenAs(name)} does not take ${kinds.join(', ')}`);
    return fits.gives;
  }
}

/** A pattern is a constant and RE2, so that matching takes time linear in the text. */
const checkPattern = (expr: Expr, arg: Expr | undefined): void => {
  const constant = arg?.exprKind.case === 'constExpr' ? arg.exprKind.value.constantKind : undefined;
  if (constant?.case !== 'stringValue' || constant.value.length > PATTERN_MAX) {
    throw new ConditionError(expr.id, `matches 的表达式应为不超过 ${PATTERN_MAX} 字的常量`, `the pattern of matches is a constant of at most ${PATTERN_MAX} characters`);
  }
  try {
    RE2JS.compile(constant.value);
  } catch {
    throw new ConditionError(expr.id, '不是有效的 RE2 表达式', 'the pattern is no RE2 expression');
  }
};
