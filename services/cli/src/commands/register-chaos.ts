import path from 'node:path';
import type { Command } from 'commander';
import type { Shell } from '../shell.js';

type T = (zh: string, en: string) => string;
type Options = { readonly scenario: string; readonly seed: number; readonly rounds: number; readonly rate: number; readonly patience: number; readonly keep?: boolean; readonly previous?: string };

/** Harm done to the distributed form, and what it makes of it. */
export const registerChaos = (program: Command, shell: Shell, t: T): void => {
  program.command('chaos').description(t('在真实的分布式形态上制造故障，再审计：一单不丢、一码不二卖、账目为零', 'do harm to the distributed form on real servers, then audit: nothing lost, nothing twice, the books at zero'))
    .option('--scenario <n>', t('场景编号或 all', 'number of a scenario, or all'), 'all').option('--seed <n>', t('随机种子', 'of the random moments'), Number, 1)
    .option('--rounds <n>', t('故障重复几轮', 'how often the harm is done'), Number, 1).option('--rate <n>', t('每秒订单数', 'orders a second'), Number, 4)
    .option('--patience <s>', t('最后一次故障后，所有订单须在多少秒内结束', 'seconds after the last fault within which every order has ended'), Number, 60)
    .option('--previous <folder>', t('场景 7：从该目录（已编译的旧版本）滚动升级到本版本', 'scenario 7: a rolling upgrade to this version from the one compiled in that folder'))
    .option('--keep', t('保留数据与日志目录', 'keep the folder of data and logs'))
    .addHelpText('after', '\n  vouchsafe chaos --scenario 1 --seed 7 --rounds 20 --rate 50\n  vouchsafe chaos --scenario 7 --previous ../vouchsafe-0.1\n')
    .action(async ({ scenario, seed, rounds, rate, patience, keep, previous }: Options) => {
      const { chaos } = await import('../chaos/chaos.js'); // no other command needs its drivers
      shell.exit(await chaos(shell.speech(), scenario, { seed, rounds, rate, patienceMs: patience * 1_000, keep: keep === true, ...(previous !== undefined && { previous: path.resolve(shell.cwd, previous) }) }));
    });
};
