import { type Command, InvalidArgumentError } from 'commander';
import { bench } from '../bench/bench.js';
import type { BenchOptions } from '../bench/plan.js';
import { crash } from '../crash/crash.js';
import { demo } from '../demo/demo.js';
import type { Shell } from '../shell.js';
import { CommandFailure, EXIT } from '../speech.js';
import { registerTrace } from './trace.js';

type T = (zh: string, en: string) => string;

/** Commands that drive a platform hard and look at it afterwards. */
export const registerMeasure = (program: Command, shell: Shell, t: T, measure = bench): void => {
  program.command('demo').description(t('一分钟演示完整流程，最后给出一页由数据算出的结论', 'the whole platform in a minute, ending with one page computed from the data'))
    .option('--keep', t('保留数据目录', 'keep the data directory')).addHelpText('after', '\n  vouchsafe demo\n')
    .action(async (options: { keep?: boolean }) => shell.exit(await demo(shell.speech(), options.keep === true)));

  program.command('crash').description(t('反复 SIGKILL 服务器，再审计：应答过的一个不少，一码不二卖', 'SIGKILL the server again and again, then audit')).option('--kills <n>', t('次数', 'how often'), Number, 10)
    .option('--seed <n>', t('随机种子，同种子可重现', 'of the random moments; the same seed plays the same ones'), Number, 1).option('--keep', t('保留数据目录', 'keep the data directory'))
    .addHelpText('after', '\n  vouchsafe crash --kills 200 --seed 7\n')
    .action(async (options: { kills: number; seed: number; keep?: boolean }) => shell.exit(await crash(shell.speech(), { ...options, keep: options.keep === true })));
  registerTrace(program, shell, t);

  registerBench(program, shell, t, measure);
};

type Given = Omit<BenchOptions, 'file'> & { readonly distributed?: boolean; readonly warm: number; readonly rates: readonly number[] };
const IDS = 'P1,P4,P5,P7,P9,P10,P11,P12,P13,P14';

/** `--json` is the program's: with a file after it the results go there, and the table stays on the screen. */
const registerBench = (program: Command, shell: Shell, t: T, measure: typeof bench): void => {
  program.command('bench').usage('[options] [--json [file]]').argument('[file]', t('与 --json 一起用：结果写入此文件', 'with --json: the results are written there'))
    .description(t('性能测量：每个数都与同一次运行的参照相比', 'measures speed; each figure beside a reference of the same run'))
    .option('--only <ids>', IDS)
    .option('--seconds <n>', t('P1：每轮秒数', 'P1: seconds of a round'), Number, 20).option('--rounds <n>', t('交替测量的轮数，取中位数', 'interleaved rounds; the median counts'), Number, 3)
    .option('--present <n>', t('P9：已有卡密数', 'P9: codes present'), Number, 1_000_000)
    .option('--many <n>', t('P12、P14：已有订单数', 'P12, P14: orders there are'), orders, 30_000)
    .option('--distributed', t('分布式形态：与一体机、与同一 Kafka 的裸往返相比', 'the distributed form, beside the embedded one and a bare round trip through the same Kafka'))
    .option('--warm <n>', t('分布式：预热秒数', 'distributed: seconds of warming up'), Number, 30)
    .option('--rates <list>', t('分布式：每秒订单数', 'distributed: orders a second'), rates, [50, 75, 100, 200])
    .addHelpText('after', '\n  vouchsafe bench --json results.json\n  vouchsafe bench --only P12,P14 --many 1000000\n  vouchsafe bench --distributed --seconds 20 --json apart.json\n')
    .action(async (file: string | undefined, { distributed, warm: warmSeconds, rates: offered, ...options }: Given) => {
      if (file !== undefined && !program.opts<{ json?: boolean }>().json) throw new CommandFailure(EXIT.usage, `文件 ${file} 要写在 --json 之后`, `a file is written by --json ${file}`);
      if (distributed) {
        const { benchDistributed } = await import('../bench/distributed/distributed.js'); // no other command needs its drivers
        return shell.exit(await benchDistributed(shell.speech(), { seconds: options.seconds, warmSeconds, rates: offered, ...(file !== undefined && { file }) }));
      }
      shell.exit(await measure(shell.speech(), { ...options, ...(file !== undefined && { file }) }));
    });
};

const RATE_MAX = 5_000;
const rates = (text: string): readonly number[] => {
  const list = text.split(',').map(Number);
  if (list.some((rate) => !Number.isSafeInteger(rate) || rate < 1 || rate > RATE_MAX)) throw new InvalidArgumentError(`1 … ${RATE_MAX}, 1 … ${RATE_MAX}`);
  return list;
};

const ORDERS_MIN = 20_000;
const ORDERS_MAX = 1_000_000;
const orders = (text: string): number => {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < ORDERS_MIN || count > ORDERS_MAX) throw new InvalidArgumentError(`${ORDERS_MIN} … ${ORDERS_MAX}`);
  return count;
};
