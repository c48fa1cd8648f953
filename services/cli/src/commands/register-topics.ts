import type { Refusal, Right } from '@vouchsafe/bus-kafka';
import type { Namespace } from '@vouchsafe/runtime';
import { pinoLog } from '@vouchsafe/telemetry';
import { type Command, InvalidArgumentError } from 'commander';
import type { Shell } from '../shell.js';
import { EXIT, type Speech } from '../speech.js';
import { namespaceArgument } from './register-audit.js';
import { applyPlan, kafkaOf, type TopicsResult } from './topics.js';

type T = (zh: string, en: string) => string;
type Options = {
  readonly brokers?: string; readonly namespace: Namespace; readonly prefix?: string; readonly partitions: number; readonly replicas: number; readonly minInSync: number;
  readonly retentionDays: number; readonly acls?: boolean; readonly prune?: boolean; readonly grow?: boolean; readonly dryRun?: boolean;
};
const DAY_MS = 86_400_000;
const DEFAULTS = { partitions: 12, replicas: 3, minInSync: 2, retentionDays: 7 };

const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0 is needed / 需要大于 0 的整数');
  return value;
};

/** Topics of the distributed form on Kafka, and who may read and write them. */
export const registerTopics = (program: Command, shell: Shell, t: T): void => {
  const topics = program.command('topics').description(t('分布式形态的 Kafka 主题与权限', 'Kafka topics and rights of the distributed form'));
  topics.command('apply').description(t('创建并校验主题（可反复执行）；任何设置会变小时整体拒绝，什么也不做', 'make and check them, as often as you like; where anything would shrink, all of it is refused and nothing is done'))
    .option('--brokers <list>', t('代理地址（默认 VOUCHSAFE_KAFKA_BROKERS）', 'brokers (default: VOUCHSAFE_KAFKA_BROKERS)')).option('--namespace <name>', 'live | sandbox', namespaceArgument, 'sandbox')
    .option('--prefix <text>', t('主题名前缀（默认 VOUCHSAFE_KAFKA_PREFIX 或 vouchsafe）', 'prefix of names (default: VOUCHSAFE_KAFKA_PREFIX, or vouchsafe)'))
    .option('--partitions <n>', t('事件与命令主题的分区数', 'partitions of events and commands'), positive, DEFAULTS.partitions)
    .option('--replicas <n>', t('副本数', 'replicas'), positive, DEFAULTS.replicas).option('--min-in-sync <n>', t('写入须有几个副本同步（min.insync.replicas）', 'replicas in sync that a write needs (min.insync.replicas)'), positive, DEFAULTS.minInSync)
    .option('--retention-days <n>', t('事件保留天数', 'how long events are kept'), positive, DEFAULTS.retentionDays)
    .option('--acls', t('同时写入最小权限（每个服务一个主体）', 'write least rights as well, one principal per service')).option('--prune', t('删除计划之外的权限', 'take away rights beyond the plan'))
    .option('--grow', t('允许增加分区（键会换分区）', 'allow more partitions (keys move)')).option('--dry-run', t('只说将做什么', 'only say what would be done'))
    .addHelpText('after', '\n  vouchsafe topics apply --brokers kafka-0:9092 --namespace live --acls\n  vouchsafe topics apply --brokers 127.0.0.1:9092 --replicas 1 --min-in-sync 1 --dry-run\n')
    .action(async (options: Options) => {
      const speech = shell.speech();
      const { brokers, namespace, partitions, replicas, minInSync, retentionDays, acls = false, prune = false, grow = false, dryRun = false } = options;
      const prefix = options.prefix ?? shell.env.VOUCHSAFE_KAFKA_PREFIX;
      const log = pinoLog({ level: 'error', name: 'topics' });
      const result = await applyPlan(kafkaOf(shell.env, brokers), {
        namespace, partitions, replicas, minInSync, retentionMs: retentionDays * DAY_MS, acls, prune, grow, dryRun, ...(prefix && { prefix }),
      }, log);
      speech.result(result, () => linesOf(result, speech));
      shell.exit(result.ok ? EXIT.ok : EXIT.refused);
    });
};

const REASONS: Readonly<Record<Refusal['reason'], readonly [string, string]>> = {
  SHRINKS: ['会变小：请改计划，或由人直接在 Kafka 上决定', 'would shrink: change the plan, or decide it on Kafka itself'],
  MOVES_KEYS: ['增加分区会使键换分区：确认后加 --grow', 'more partitions move keys: pass --grow if that is meant'],
  NEEDS_REASSIGNMENT: ['增加副本需要重新分配分区（kafka-reassign-partitions）', 'more replicas need a reassignment (kafka-reassign-partitions)'],
};
const rightOf = ({ principal, operation, resource, name, pattern }: Right): string => `${principal} ${operation} ${resource} ${name}${pattern === 'PREFIXED' ? '*' : ''}`;

/** What was done, for a person. */
export const linesOf = (result: TopicsResult, { t }: Pick<Speech, 't'>): readonly string[] => {
  if (!result.ok) {
    return [
      t('✘ 什么也没有做：', '✘ nothing was done:'),
      ...result.refused.map(({ topic, setting, actual, wanted, reason }) => `    ${topic}  ${setting} ${actual} → ${wanted}  ${t(...REASONS[reason])}`),
    ];
  }
  const { topics: { created, grown, altered, unchanged }, rights, dryRun } = result;
  const named = (zh: string, en: string, names: readonly string[]): string[] => (names.length === 0 ? [] : [`  ${t(zh, en)}: ${names.join(', ')}`]);
  return [
    dryRun ? t('将会：', 'would be:') : t('✔ 主题符合计划', '✔ topics are as planned'),
    ...named('新建', 'created', created), ...named('增加分区', 'more partitions', grown), ...named('改设置', 'settings changed', altered), ...named('未变', 'unchanged', unchanged),
    ...(rights ? [
      t(`权限：新增 ${rights.added.length}，已有 ${rights.present}`, `rights: ${rights.added.length} added, ${rights.present} there already`),
      ...rights.excess.map((right) => `  ${t('计划之外', 'beyond the plan')}: ${rightOf(right)}`),
    ] : []),
  ];
};
