import type { Log } from '@vouchsafe/runtime';

export type LogLine = { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string; readonly fields: Readonly<Record<string, unknown>> };

/** A log that keeps its lines, those of its children included (with their fields). */
export const recordedLog = (): Log & { readonly lines: readonly LogLine[] } => {
  const lines: LogLine[] = [];
  const make = (inherited: object): Log => {
    const at = (level: LogLine['level']) => (fields: object, message: string): void => void lines.push({ level, message, fields: { ...inherited, ...fields } });
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: (fields) => make({ ...inherited, ...fields }) };
  };
  return { ...make({}), lines };
};
