import { type Finding, unwell, well } from './finding.js';
import type { Sample } from './samples.js';

/** Samples of one process. */
export type Told = { readonly where: string; readonly samples: readonly Sample[] };
type Rule = {
  readonly name: string; readonly figure: string;
  readonly ails: (sample: Sample) => boolean;
  /** A deployment that does not tell of it anywhere is not seen whole. */
  readonly needed?: true;
  readonly well: readonly [zh: string, en: string];
  /** What is wrong with one of them, and what to do about all. */
  readonly each: (sample: Sample) => string;
  readonly wrong: readonly [zh: string, en: string];
};

const LAG_S = 30;
const CONSUMER_LAG = 1_000;
const LOOP_DELAY_S = 0.5;
const above = (limit: number) => ({ value }: Sample): boolean => value > limit;
const labelled = ({ labels, value }: Sample): string => `${Object.values(labels).join(' ')} ${Math.round(value * 100) / 100}`.trim();

const RULES: readonly Rule[] = [
  {
    name: 'lag', figure: 'vouchsafe_projection_lag_seconds', needed: true, ails: above(LAG_S), each: labelled,
    well: ['视图与发布者跟上日志', 'views and publishers keep up with the log'],
    wrong: ['视图或发布者落后日志（秒）；见 docs/runbooks/VouchsafeViewsBehind.md', 'views or publishers are behind the log (seconds); see docs/runbooks/VouchsafeViewsBehind.md'],
  },
  {
    name: 'failing', figure: 'vouchsafe_projection_failing', ails: above(0), each: labelled,
    well: ['视图与发布者正常推进', 'views and publishers get on'],
    wrong: ['视图或发布者无法推进；查看其日志，见 docs/runbooks/VouchsafeViewsFailing.md', 'views or publishers do not get on; read their log, see docs/runbooks/VouchsafeViewsFailing.md'],
  },
  {
    name: 'halted', figure: 'vouchsafe_projection_documents_halted', ails: above(0), each: labelled,
    well: ['没有停止更新的文档', 'no document stands still'],
    wrong: ['有文档停止更新；修复后用 vouchsafe audit rebuild 重建，见 docs/runbooks/VouchsafeDocumentsHalted.md', 'documents stand still; rebuild them with vouchsafe audit rebuild once mended, see docs/runbooks/VouchsafeDocumentsHalted.md'],
  },
  {
    name: 'parked', figure: 'vouchsafe_parked_messages', needed: true, ails: above(0), each: labelled,
    well: ['没有搁置的消息', 'no message is parked'],
    wrong: ['有消息搁置，其所涉事务停止；vouchsafe parked list，见 docs/runbooks/VouchsafeParkedMessages.md', 'messages are parked, and what they are about stands still; vouchsafe parked list, see docs/runbooks/VouchsafeParkedMessages.md'],
  },
  {
    name: 'books', figure: 'vouchsafe_unbalanced_books', needed: true, ails: above(0), each: labelled,
    well: ['账簿借贷相等', 'the books balance'],
    wrong: ['账簿借贷不等；停止资金操作，见 docs/runbooks/VouchsafeBooksUnbalanced.md', 'books do not balance; stop moving money, see docs/runbooks/VouchsafeBooksUnbalanced.md'],
  },
  {
    name: 'consumers', figure: 'vouchsafe_consumer_lag_messages', ails: above(CONSUMER_LAG), each: labelled,
    well: ['消费者组跟上主题', 'consumer groups keep up with their topics'],
    wrong: ['消费者组落后（消息数）；见 docs/runbooks/VouchsafeConsumersBehind.md', 'consumer groups are behind (messages); see docs/runbooks/VouchsafeConsumersBehind.md'],
  },
  {
    name: 'bus', figure: 'vouchsafe_bus_problems', ails: above(0), each: labelled,
    well: ['消息总线正常', 'the bus is well'],
    wrong: ['消息总线有问题；检查 Kafka 及其主题（vouchsafe topics apply）', 'the bus has problems; look at Kafka and its topics (vouchsafe topics apply)'],
  },
  {
    name: 'forged', figure: 'vouchsafe_forged_messages_total', ails: above(0), each: labelled,
    well: ['没有伪造的命令', 'no command was forged'],
    wrong: ['收到未经可信签名的命令，已搁置；有人可写入命令主题，见 docs/runbooks/VouchsafeForgedMessages.md', 'commands came that nobody trusted had signed, and are parked; somebody can write to command topics, see docs/runbooks/VouchsafeForgedMessages.md'],
  },
  {
    name: 'calls', figure: 'vouchsafe_rpc_silent', ails: above(0), each: labelled,
    well: ['服务之间可以调用', 'services reach each other'],
    wrong: ['有服务未应答其他服务；检查其进程与网络策略', 'a service does not answer the others; look at its process and the network policies'],
  },
  {
    name: 'space', figure: 'vouchsafe_log_short_of_space', ails: above(0), each: labelled,
    well: ['日志可以增长', 'the log can grow'],
    wrong: ['日志无法增长，写入被拒或即将被拒；腾出磁盘，见 docs/runbooks/VouchsafeLogCannotGrow.md', 'the log cannot grow, writes are refused or soon will be; make room, see docs/runbooks/VouchsafeLogCannotGrow.md'],
  },
  {
    name: 'event loop', figure: 'nodejs_eventloop_delay_seconds', ails: (sample) => sample.labels.quantile === '0.99' && sample.value > LOOP_DELAY_S, each: labelled,
    well: ['事件循环未被阻塞', 'event loops are not held up'],
    wrong: ['事件循环被阻塞（秒）；见 docs/runbooks/VouchsafeEventLoopHeld.md', 'an event loop is held up (seconds); see docs/runbooks/VouchsafeEventLoopHeld.md'],
  },
];
const SHOWN = 5;

/** What the figures of all processes say together. */
export const judged = (told: readonly Told[]): readonly Finding[] => RULES.flatMap((rule) => {
  const known = told.flatMap(({ where, samples }) => samples.filter(({ name }) => name === rule.figure).map((sample) => ({ where, sample })));
  const [zh, en] = rule.well;
  const [wrongZh, wrongEn] = rule.wrong;
  if (known.length === 0) return rule.needed ? [unwell(rule.name, `无法判断“${zh}”：没有进程给出 ${rule.figure}；请用 --probe 列出各服务的探针地址`, `cannot tell whether ${en}: no process tells ${rule.figure}; name the services' probes with --probe`)] : [];
  const ailing = known.filter(({ sample }) => rule.ails(sample));
  if (ailing.length === 0) return [well(rule.name, zh, en)];
  const list = ailing.slice(0, SHOWN).map(({ where, sample }) => `${where}: ${rule.each(sample)}`).join('; ');
  return [unwell(rule.name, `${wrongZh}（${list}）`, `${wrongEn} (${list})`)];
});
