import { CommanderError } from 'commander';
import { explain } from './explain.js';
import { createProgram } from './program.js';
import { createSpeech, EXIT, localeOf, type Speech } from './speech.js';

const streams = { out: (text: string) => void process.stdout.write(text), err: (text: string) => void process.stderr.write(text) };

/** Runs the command line and gives its exit code. */
export const main = async (argv: readonly string[]): Promise<number> => {
  const locale = localeOf(process.env);
  const speech = (): Speech => createSpeech(locale, program.opts<{ json?: boolean }>().json === true, streams);
  let code: number = EXIT.ok;
  const program = createProgram({ speech, env: process.env, cwd: process.cwd(), exit: (value) => { code = value; } }, locale);
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return explain(error, speech());
  }
};
