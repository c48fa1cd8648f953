import type { Command } from 'commander';
import { bench } from '../bench/bench.js';
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

  program.command('bench').description(t('性能测量：每个数都与同一次运行的参照相比', 'measures speed; each figure beside a reference of the same run')).option('--only <ids>', 'P1,P5,P9,P10,P13')
    .option('--json <file>', t('结果写入文件', 'writes the results to a file')).option('--seconds <n>', '', Number, 5).option('--rounds <n>', '', Number, 3)
    .option('--present <n>', t('P9：已有卡密数', 'P9: codes present'), Number, 1_000_000)
    .action(async (options: { only?: string; json?: string; seconds: number; rounds: number; present: number }) => shell.exit(await bench(shell.speech(), options)));
};
