import { Command, CommanderError } from 'commander';
import { explain } from './explain.js';
import { registerAudit } from './commands/register-audit.js';
import { registerCalls } from './commands/register-calls.js';
import { registerMeasure } from './commands/register-measure.js';
import { registerOperate } from './commands/register-operate.js';
import { registerVault } from './commands/register-vault.js';
import type { Shell } from './shell.js';
import { createSpeech, EXIT, localeOf, type Speech } from './speech.js';


const streams = { out: (text: string) => void process.stdout.write(text), err: (text: string) => void process.stderr.write(text) };

/** Runs the command line and gives its exit code. */
export const main = async (argv: readonly string[]): Promise<number> => {
  const locale = localeOf(process.env);
  const speech = (): Speech => createSpeech(locale, program.opts<{ json?: boolean }>().json === true, streams);
  const t = (zh: string, en: string): string => (locale === 'zh' ? zh : en);
  let code: number = EXIT.ok;
  const shell: Shell = { speech, env: process.env, cwd: process.cwd(), exit: (value) => { code = value; } };
  const program = new Command('vouchsafe')
    .description(t('销售、交付与核销虚拟权益的平台', 'sell, deliver and redeem virtual entitlements'))
    .version('0.1.0')
    .option('--json', t('以 JSON 输出结果', 'print results as JSON'))
    .showHelpAfterError()
    .exitOverride();
  registerOperate(program, shell, t);
  registerCalls(program, shell, t);
  registerAudit(program, shell, t);
  registerVault(program, shell, t);
  registerMeasure(program, shell, t);
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return explain(error, speech());
  }
};
