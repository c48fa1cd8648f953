import type { ParkedMessage, Retried } from '@vouchsafe/bus';
import { pinoLog } from '@vouchsafe/telemetry';
import { type Command, InvalidArgumentError } from 'commander';
import type { Shell } from '../shell.js';
import { EXIT, type Speech } from '../speech.js';
import { dealWith, listParked } from './parked.js';
import type { ParkedPlace } from './parked-stores.js';
import { dataOf, type PlaceOptions, placeVariables, withPlaces } from './places.js';
import { configOf } from './up.js';

type T = (zh: string, en: string) => string;
type Options = PlaceOptions & { readonly mongo?: string; readonly database: string };
const LIMIT = 100;

const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0 is needed / 需要大于 0 的整数');
  return value;
};

/** Messages that could not be handled, for a person to decide about. */
export const registerParked = (program: Command, shell: Shell, t: T): void => {
  const parked = program.command('parked').description(t('滞留消息：处理失败、其流已停住，等人决定', 'messages that could not be handled: what they are about stands still until somebody decides'));
  /** Of the distributed form they lie in MongoDB; else in the directory. */
  const placed = (command: Command): Command => withPlaces(command, t, 'sandbox')
    .option('--mongo <uri>', t('分布式：MongoDB 连接串（默认 VOUCHSAFE_MONGO_URI）', 'distributed: connection string of MongoDB (default: VOUCHSAFE_MONGO_URI)'), shell.env.VOUCHSAFE_MONGO_URI)
    .option('--database <name>', t('分布式：数据库名前缀', 'distributed: what names of databases begin with'), shell.env.VOUCHSAFE_MONGO_DATABASE ?? 'vouchsafe');
  const placeOf = ({ mongo, database, ...places }: Options): ParkedPlace => (mongo === undefined ? { namespace: places.namespace, data: dataOf(places, shell) } : { namespace: places.namespace, mongo, database });
  placed(parked.command('list', { isDefault: true })).description(t('列出滞留消息（平台可以在运行）', 'list them, also while the platform runs'))
    .option('--group <name>', t('只看这个消费者（或 commands）', 'of this consumer only (or commands)')).option('--limit <n>', t('最多几条', 'how many at most'), positive, LIMIT)
    .addHelpText('after', '\n  vouchsafe parked\n  vouchsafe parked list --namespace live --group ledger-inventory --json\n')
    .action(async ({ group, limit, ...places }: Options & { readonly group?: string; readonly limit: number }) => {
      const speech = shell.speech();
      const messages = await listParked(placeOf(places), { limit, ...(group && { group }) });
      speech.result(messages, () => (messages.length === 0 ? [t('没有滞留消息', 'nothing is parked')] : messages.flatMap((message) => linesOf(message, speech))));
    });

  const deciding = (what: 'retry' | 'drop', zh: string, en: string): void => {
    placed(parked.command(`${what} <id>`)).description(t(`${zh}；由持有它的运行中的进程执行；一体机停机时则由本进程内的各服务执行（不开端口）`, `${en}; the running process that has it does it, or, where the one process is stopped, its services within this command, behind no port`))
      .addHelpText('after', `\n  vouchsafe parked ${what} commands/ord_…/reserve1 --namespace live\n  vouchsafe parked ${what} ledger-inventory/… --mongo mongodb://… --namespace live\n`)
      .action(async (id: string, places: Options) => {
        const config = places.mongo === undefined ? configOf(shell.env, placeVariables(places)) : undefined;
        const log = pinoLog({ level: config?.VOUCHSAFE_LOG_LEVEL ?? 'warn', name: 'parked' });
        const result = await dealWith(what, id, { place: placeOf(places), log, ...(config && { config }) });
        const speech = shell.speech();
        speech.result({ id, ...result }, () => [outcomeOf(result, speech)]);
        shell.exit(result.error === undefined ? EXIT.ok : EXIT.refused);
      });
  };
  deciding('retry', '重新处理', 'handle it again');
  deciding('drop', '放弃该消息（视为已处理、没有效果），其流继续', 'give it up: it counts as handled without effect, and its stream goes on');
};

const firstLine = (text: string): string => text.split('\n')[0] ?? '';
const linesOf = ({ id, group, target, error, attempts, parkedAt, behind, retryAt }: ParkedMessage, { t }: Speech): readonly string[] =>
  behind ? [`  ${id}  ${t('排在其后', 'waits behind it')}`] : [
    `✘ ${id}`,
    `    ${group} → ${target}  ${t('尝试', 'attempts')} ${attempts}  ${new Date(parkedAt).toISOString()}${retryAt === undefined ? '' : `  ${t('将自动重试', 'tried again by itself')} ${new Date(retryAt).toISOString()}`}`,
    `    ${firstLine(error)}`,
  ];
const outcomeOf = ({ handled, error }: Retried, { t }: Speech): string =>
  error === undefined ? t(`✔ 处理了 ${handled} 条，其流继续`, `✔ ${handled} handled, its stream goes on`) : t(`✘ 处理了 ${handled} 条后仍停住：${firstLine(error)}`, `✘ stands still after ${handled}: ${firstLine(error)}`);
