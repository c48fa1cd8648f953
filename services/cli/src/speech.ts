/** The language a person reads, from LC_ALL, LC_MESSAGES or LANG. */
export type Locale = 'zh' | 'en';

export const localeOf = (env: Readonly<Record<string, string | undefined>>): Locale =>
  /^zh/i.test(env.LC_ALL || env.LC_MESSAGES || env.LANG || '') ? 'zh' : 'en';

/** What a command says: texts for people on stderr (progress) and stdout (results), or JSON where `--json` was given. */
export type Speech = {
  readonly locale: Locale;
  readonly json: boolean;
  /** Picks the text of the person's language. */
  readonly t: (zh: string, en: string) => string;
  /** A line of the result. */
  readonly say: (line: string) => void;
  /** A line about what is going on; never part of the result. */
  readonly note: (line: string) => void;
  /** The result: printed as JSON with `--json`, else by `lines`. */
  readonly result: (value: unknown, lines: () => readonly string[]) => void;
};

type Streams = { readonly out: (text: string) => void; readonly err: (text: string) => void };

const withBigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

export const createSpeech = (locale: Locale, json: boolean, { out, err }: Streams): Speech => {
  const say = (line: string): void => out(`${line}\n`);
  return {
    locale, json, say,
    t: (zh, en) => (locale === 'zh' ? zh : en),
    note: (line) => err(`${line}\n`),
    result: (value, lines) => {
      if (json) say(JSON.stringify(value, withBigints, 2));
      else for (const line of lines()) say(line);
    },
  };
};

/** Exit codes that mean something (sysexits.h where it has one). */
export const EXIT = {
  ok: 0,
  /** The platform said no, or a check found something. */
  refused: 1,
  /** The command line is wrong. */
  usage: 64,
  /** What was read is no good: a file, a directory, a catalogue. */
  data: 65,
  /** The platform cannot be reached. */
  unavailable: 69,
  /** A bug of ours. */
  bug: 70,
  /** Configuration is wrong. */
  config: 78,
} as const;

/** Ends a command with words for a person and an exit code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  constructor(readonly exit: number, readonly zh: string, readonly en: string) {
    super(en);
  }
}
