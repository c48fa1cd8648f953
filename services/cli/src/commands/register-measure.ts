import type { Command } from 'commander';
import { crash } from '../crash/crash.js';
import { demo } from '../demo/demo.js';
import type { Shell } from '../shell.js';
import { registerTrace } from './trace.js';

type T = (zh: string, en: string) => string;

/** Commands that drive a platform hard and look at it afterwards. */
export const registerMeasure = (program: Command, shell: Shell, t: T): void => {
  program.command('demo').description(t('一分钟演示完整流程，最后给出一页由数据算出的结论', 'the whole platform in a minute, ending with one page computed from the data'))
    .option('--keep', t('保留数据目录', 'keep the data directory'))
    .action(async (options: { keep?: boolean }) => shell.exit(await demo(shell.speech(), options.keep === true)));

  program.command('crash').description(t('反复 SIGKILL 服务器，再审计：应答过的一个不少，一码不二卖', 'SIGKILL the server again and again, then audit')).option('--kills <n>', t('次数', 'how often'), Number, 10)
    .option('--seed <n>', t('随机种子，同种子可重现', 'of the random moments; the same seed plays the same ones'), Number, 1).option('--keep', t('保留数据目录', 'keep the data directory'))
    .action(async (options: { kills: number; seed: number; keep?: boolean }) => shell.exit(await crash(shell.speech(), { ...options, keep: options.keep === true })));
  registerTrace(program, shell, t);
};
