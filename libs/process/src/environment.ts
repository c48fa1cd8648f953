import { z } from 'zod';

/** One problem of the configuration: the variable and the reason in both languages, never its value. */
export type ConfigProblem = { readonly variable: string; readonly zh: string; readonly en: string };
/** Reasons of a schema's own, by what is written into it as message; all others are the parser's, which knows both languages. */
export type Reasons = Readonly<Record<string, { readonly zh: string; readonly en: string }>>;
export type Environment = Readonly<Record<string, string | undefined>>;
export type ParsedEnvironment<C> = { readonly ok: true; readonly config: C } | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Parses the variables that a schema names out of an environment, whole: all problems at once. Variables of others are left alone. */
export const parseEnvironment = <S extends z.ZodObject>(schema: S, reasons: Reasons, env: Environment): ParsedEnvironment<z.output<S>> => {
  const given = Object.fromEntries(Object.keys(schema.shape).flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const parsed = schema.safeParse(given);
  if (parsed.success) {
    Object.freeze(parsed.data);
    return { ok: true, config: parsed.data };
  }
  const chinese = schema.safeParse(given, { error: z.locales.zhCN().localeError }).error?.issues ?? [];
  return {
    ok: false,
    problems: parsed.error.issues.map(({ path: [name], message }, i): ConfigProblem => ({ variable: String(name ?? ''), ...(reasons[message] ?? { zh: chinese[i]?.message ?? message, en: message }) })),
  };
};
