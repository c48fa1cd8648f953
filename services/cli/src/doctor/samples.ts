/** A figure as a process tells it. */
export type Sample = { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number };

const LINE = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)/i;
const LABEL = /([a-z_][a-z0-9_]*)="((?:[^"\\]|\\.)*)"/gi;

/** Reads Prometheus' text format; lines that are none are passed over. */
export const samplesOf = (text: string): readonly Sample[] => text.split('\n').flatMap((line): Sample[] => {
  const [, name, labels = '', value] = line.startsWith('#') ? [] : (LINE.exec(line) ?? []);
  if (name === undefined) return [];
  const pairs = [...labels.matchAll(LABEL)].map(([, key, quoted]) => [key!, quoted!.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))]);
  return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: value === '+Inf' ? Infinity : Number(value) }];
});
