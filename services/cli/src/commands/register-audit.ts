import { type Command, InvalidArgumentError } from 'commander';
import { parseRfc3339 } from '@vouchsafe/kernel';
import { NAMESPACES, type Namespace } from '@vouchsafe/runtime';
import { Auditor } from '../audit/auditor.js';
import { exportJournal } from '../audit/export-journal.js';
import { allEvents, openLog } from '../audit/open-log.js';
import { eventLine, findingsLines, trialBalanceLines } from '../audit/present.js';
import { titleOf } from '@vouchsafe/insight';
import type { Shell } from '../shell.js';
import { CommandFailure, EXIT } from '../speech.js';

type T = (zh: string, en: string) => string;
type DirectoryOptions = { readonly data: string; readonly namespace: Namespace };

export const namespaceArgument = (text: string): Namespace => {
  if (!(NAMESPACES as readonly string[]).includes(text)) throw new InvalidArgumentError(NAMESPACES.join(' | '));
  return text as Namespace;
};

/** Commands that read a stopped directory's log and nothing else. */
export const registerAudit = (program: Command, shell: Shell, t: T): void => {
  const audit = program.command('audit').description(t('只读审计：直接读日志，可在停机目录上运行', 'read-only audits over the log of a stopped directory'));
  const onDirectory = (command: Command): Command =>
    command.option('--data <dir>', t('数据目录', 'data directory'), shell.env.VOUCHSAFE_DATA ?? '.vouchsafe/data')
      .option('--namespace <name>', 'live | sandbox', namespaceArgument, 'sandbox' as Namespace);

  onDirectory(audit.command('verify')).description(t('逐条验证哈希、库存、核销与账目', 'prove every hash, unit, redemption and entry')).action(async (options: DirectoryOptions) => {
    const findings = await audited(options, () => true);
    const speech = shell.speech();
    speech.result(findings, () => findingsLines(findings, speech.t));
    shell.exit(Object.values(findings.violations).some((list) => list.length > 0) ? EXIT.refused : EXIT.ok);
  });

  onDirectory(audit.command('replay').requiredOption('--to <position|time>', t('到哪个位置或时间', 'position or RFC 3339 time to replay to')))
    .description(t('重放到某个位置或时间点的状态', 'the state as it was at a position or time')).action(async (options: DirectoryOptions & { readonly to: string }) => {
      const until = parseRfc3339(options.to);
      const position = /^\d+$/.test(options.to) ? Number(options.to) : undefined;
      if (until === undefined && position === undefined) throw new CommandFailure(EXIT.usage, '--to 需要位置或 RFC 3339 时间', '--to takes a position or an RFC 3339 time');
      const findings = await audited(options, (event) => (until === undefined ? event.position <= position! : event.recordedAt <= until));
      const speech = shell.speech();
      speech.result(findings, () => [...findingsLines(findings, speech.t), ...trialBalanceLines(findings)]);
    });

  onDirectory(audit.command('events').option('--category <name...>', t('流类别', 'stream categories')).option('--correlation <id>').option('--limit <n>', '', Number, 0))
    .description(t('以 NDJSON 输出事件', 'events as NDJSON')).action(async (options: DirectoryOptions & { readonly category?: string[]; readonly correlation?: string; readonly limit: number }) => {
      const { say } = shell.speech();
      let left = options.limit || Number.POSITIVE_INFINITY;
      const store = await openLog(options.data, options.namespace);
      for await (const event of allEvents(store, options.category)) {
        if (options.correlation && event.correlation !== options.correlation) continue;
        const { stream, revision, position, type, id, occurredAt, recordedAt, correlation, causation, principal, data, leaf } = event;
        say(JSON.stringify({ position, stream, revision, type, id, occurredAt, recordedAt, correlation, causation, principal, data, leaf: Buffer.from(leaf).toString('hex') }));
        if (--left <= 0) break;
      }
      await store.close();
    });

  onDirectory(audit.command('timeline <id>')).description(t('一个订单（或任一关联标识）的全部事件', 'all events of an order, or of any correlation id')).action(async (id: string, options: DirectoryOptions) => {
    const speech = shell.speech();
    const store = await openLog(options.data, options.namespace);
    let seen = 0;
    for await (const event of allEvents(store)) {
      if (event.correlation !== id && !event.stream.includes(id)) continue;
      seen++;
      speech.say(eventLine(event, titleOf(event.type), speech.t));
    }
    await store.close();
    if (seen === 0) throw new CommandFailure(EXIT.refused, `没有关于 ${id} 的事件`, `there is no event about ${id}`);
  });

  const exporting = program.command('export').description(t('导出', 'exports'));
  onDirectory(exporting.command('journal').option('--format <format>', 'hledger | csv', 'hledger')).description(t('导出全部分录', 'every entry, as an hledger journal or CSV'))
    .action(async (options: DirectoryOptions & { readonly format: string }) => {
      if (options.format !== 'hledger' && options.format !== 'csv') throw new CommandFailure(EXIT.usage, '--format 取 hledger 或 csv', '--format is hledger or csv');
      const store = await openLog(options.data, options.namespace);
      const { say } = shell.speech();
      for await (const line of exportJournal(allEvents(store), options.format)) say(line);
      await store.close();
    });
};

const audited = async ({ data, namespace }: DirectoryOptions, wanted: (event: { position: number; recordedAt: number }) => boolean) => {
  const store = await openLog(data, namespace);
  const auditor = new Auditor();
  for await (const event of allEvents(store)) {
    if (!wanted(event)) break;
    auditor.see(event);
  }
  await store.close();
  return auditor.findings();
};
