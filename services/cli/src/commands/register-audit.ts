import { type Command, InvalidArgumentError } from 'commander';
import { parseRfc3339 } from '@vouchsafe/kernel';
import { booksInLog, ENTRY_CATEGORIES, journalOfLog } from '@vouchsafe/ledger';
import { NAMESPACES, type Namespace } from '@vouchsafe/runtime';
import { Auditor } from '../audit/auditor.js';
import { allEvents, openLog } from '../audit/open-log.js';
import { findingsLines, trialBalanceLines } from '../audit/present.js';
import type { Shell } from '../shell.js';
import { CommandFailure, EXIT } from '../speech.js';
import { registerViews } from './register-views.js';

type T = (zh: string, en: string) => string;
type DirectoryOptions = { readonly data: string; readonly namespace: Namespace };

export const namespaceArgument = (text: string): Namespace => {
  if (!(NAMESPACES as readonly string[]).includes(text)) throw new InvalidArgumentError(NAMESPACES.join(' | '));
  return text as Namespace;
};

/** Commands that read a stopped directory's log and nothing else. */
export const registerAudit = (program: Command, shell: Shell, t: T): void => {
  const audit = program.command('audit').description(t('只读审计：直接读日志，平台无需运行', 'read-only audits: they read the log itself, nothing needs to run'));
  const onDirectory = (command: Command): Command =>
    command.option('--data <dir>', t('数据目录', 'data directory'), shell.env.VOUCHSAFE_DATA ?? '.vouchsafe/data')
      .option('--namespace <name>', 'live | sandbox', namespaceArgument, 'sandbox' as Namespace);

  onDirectory(audit.command('verify')).description(t('逐条验证哈希、库存、核销与账目', 'prove every hash, unit, redemption and entry')).addHelpText('after', '\n  vouchsafe audit verify\n').action(async (options: DirectoryOptions) => {
    const findings = await audited(options, () => true);
    const speech = shell.speech();
    speech.result(findings, () => findingsLines(findings, speech.t));
    shell.exit(Object.values(findings.violations).some((list) => list.length > 0) ? EXIT.refused : EXIT.ok);
  });

  onDirectory(audit.command('replay').requiredOption('--to <position|time>', t('到哪个位置或时间', 'position or RFC 3339 time to replay to')))
    .description(t('重放到某个位置或时间点的状态', 'the state as it was at a position or time'))
    .addHelpText('after', '\n  vouchsafe audit replay --to 2027-01-01T00:00:00Z\n').action(async (options: DirectoryOptions & { readonly to: string }) => {
      const until = parseRfc3339(options.to);
      const position = /^\d+$/.test(options.to) ? Number(options.to) : undefined;
      if (until === undefined && position === undefined) throw new CommandFailure(EXIT.usage, '--to 需要位置或 RFC 3339 时间', '--to takes a position or an RFC 3339 time');
      const findings = await audited(options, (event) => (until === undefined ? event.position <= position! : event.recordedAt <= until));
      const speech = shell.speech();
      speech.result(findings, () => [...findingsLines(findings, speech.t), ...trialBalanceLines(findings)]);
    });

  onDirectory(audit.command('events').option('--category <name...>', t('流类别', 'stream categories')).option('--correlation <id>', t('只要此订单或关联标识的', 'only those of this order or correlation id')).option('--limit <n>', t('最多几条，0 为不限', 'how many, 0 for all'), Number, 0))
    .description(t('以 NDJSON 输出事件', 'events as NDJSON')).addHelpText('after', '\n  vouchsafe audit events --category order --limit 10\n').action(async (options: DirectoryOptions & { readonly category?: string[]; readonly correlation?: string; readonly limit: number }) => {
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

  registerViews(audit, onDirectory, shell, t);

  const exporting = program.command('export').description(t('导出', 'exports'));
  onDirectory(exporting.command('journal').option('--format <format>', 'hledger | csv', 'hledger').option('--book <id>', t('账套（只有一个时可省略）', 'whose books; needed where there are several')))
    .description(t('导出一个账套的全部分录', "every entry of a book, as an hledger journal or CSV"))
    .addHelpText('after', '\n  vouchsafe export journal > vouchsafe.hledger && hledger -f vouchsafe.hledger bal\n')
    .action(async (options: DirectoryOptions & { readonly format: string; readonly book?: string }) => {
      const { format } = options;
      if (format !== 'hledger' && format !== 'csv') throw new CommandFailure(EXIT.usage, '--format 取 hledger 或 csv', '--format is hledger or csv');
      const store = await openLog(options.data, options.namespace);
      const events = () => allEvents(store, ENTRY_CATEGORIES);
      try {
        const bookId = bookOf(await booksInLog(events), options.book);
        for await (const text of journalOfLog(events, { bookId, format })) shell.speech().say(text.replace(/\n$/, ''));
      } finally {
        await store.close();
      }
    });
};

/** A journal is one legal entity's: books are never mixed. */
export const bookOf = (books: readonly string[], wanted: string | undefined): string => {
  const [book, ...others] = books;
  if (book === undefined) throw new CommandFailure(EXIT.refused, '尚无分录', 'there is no entry yet');
  if (wanted !== undefined) {
    if (books.includes(wanted)) return wanted;
    throw new CommandFailure(EXIT.refused, `账套 ${wanted} 没有分录；有分录的：${books.join(', ')}`, `book ${wanted} has no entries; these have: ${books.join(', ')}`);
  }
  if (others.length > 0) throw new CommandFailure(EXIT.usage, `有多个账套，请用 --book 指定：${books.join(', ')}`, `there are several books, name one by --book: ${books.join(', ')}`);
  return book;
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
