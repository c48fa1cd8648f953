import type { Log } from './module.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
/** A line of a log as it passes between threads: errors in it are text. */
export type ToldLine = { readonly level: LogLevel; readonly fields: object; readonly message: string };

/** The log of a thread that has none of its own: it tells every line to whoever has one. */
export const toldLog = (tell: (line: ToldLine) => void, always: object = {}): Log => {
  const at = (level: LogLevel) => (fields: object, message: string): void => tell({ level, fields: plain({ ...always, ...fields }), message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: (fields) => toldLog(tell, { ...always, ...fields }) };
};

const plain = (fields: object): object => Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? (value.stack ?? value.message) : value]));
