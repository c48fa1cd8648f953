import type { Log } from '@vouchsafe/runtime';

export type Line = { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string; readonly fields: object };
/** A log that keeps what it was told. */
export type OverheardLog = { readonly log: Log; readonly lines: Line[] };

/** For tests of what an operator is told. */
export const overheardLog = (): OverheardLog => {
  const lines: Line[] = [];
  const at = (level: Line['level']) => (fields: object, message: string): void => void lines.push({ level, message, fields });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  return { log, lines };
};
