/** Types a condition can have; small on purpose, for every feature is one of them. */
export type CelKind = 'int' | 'double' | 'bool' | 'string' | 'list';
export type Overload = { readonly takes: readonly CelKind[]; readonly gives: CelKind };

const NUMBERS: readonly CelKind[] = ['int', 'double'];
const same = (kinds: readonly CelKind[], gives?: CelKind): Overload[] => kinds.map((kind) => ({ takes: [kind, kind], gives: gives ?? kind }));
const numeric = (gives: CelKind): Overload[] => NUMBERS.flatMap((a) => NUMBERS.map((b) => ({ takes: [a, b], gives })));
const compared: readonly Overload[] = [...numeric('bool'), ...same(['string'], 'bool')];
const equal: readonly Overload[] = [...compared, ...same(['bool', 'list'], 'bool')];
const arithmetic: readonly Overload[] = same(NUMBERS);
const textTest: readonly Overload[] = [{ takes: ['string', 'string'], gives: 'bool' }];

/** The functions a condition may call (a method's target is its first argument). Anything else is refused. */
export const FUNCTIONS: Readonly<Record<string, readonly Overload[]>> = {
  '_&&_': same(['bool']), '_||_': same(['bool']), '!_': [{ takes: ['bool'], gives: 'bool' }],
  '_<_': compared, '_<=_': compared, '_>_': compared, '_>=_': compared, '_==_': equal, '_!=_': equal,
  '_+_': [...arithmetic, ...same(['string'])], '_-_': arithmetic, '_*_': arithmetic, '_/_': arithmetic, '_%_': same(['int']),
  '-_': NUMBERS.map((kind) => ({ takes: [kind], gives: kind })),
  '@in': [{ takes: ['string', 'list'], gives: 'bool' }, { takes: ['int', 'list'], gives: 'bool' }],
  '_?_:_': (['int', 'double', 'bool', 'string', 'list'] as const).map((kind) => ({ takes: ['bool', kind, kind], gives: kind })),
  contains: textTest, startsWith: textTest, endsWith: textTest, matches: textTest,
  size: [{ takes: ['string'], gives: 'int' }, { takes: ['list'], gives: 'int' }],
  int: NUMBERS.map((kind) => ({ takes: [kind], gives: 'int' as const })),
  double: NUMBERS.map((kind) => ({ takes: [kind], gives: 'double' as const })),
};
/** How operators are written, for messages. */
export const writtenAs = (name: string): string => (name === '@in' ? 'in' : name.replaceAll('_', ''));
