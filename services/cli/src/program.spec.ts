import type { Command } from 'commander';
import { createProgram } from './program.js';
import { createSpeech, EXIT, type Locale } from './speech.js';

const CHINESE = /[\u4e00-\u9fff]/;
const programIn = (locale: Locale): Command =>
  createProgram({ speech: () => createSpeech(locale, false, { out: () => {}, err: () => {} }), env: {}, cwd: '/', exit: () => {} }, locale);

type Told = { readonly name: string; readonly description: string; readonly help: string; readonly options: Readonly<Record<string, string>>; readonly leaf: boolean };
/** Every command and sub-command as its help tells of it. */
const toldIn = (locale: Locale): readonly Told[] => {
  const walk = (command: Command, above: string): readonly Told[] => {
    const name = [above, command.name()].filter(Boolean).join(' ');
    let help = '';
    command.configureOutput({ writeOut: (text) => { help += text; } }).outputHelp();
    const options = Object.fromEntries(command.options.map(({ flags, description }) => [flags, description]));
    return [{ name, description: command.description(), help, options, leaf: command.commands.length === 0 }, ...command.commands.flatMap((inner) => walk(inner, name))];
  };
  return walk(programIn(locale), '');
};
const [zh, en] = [toldIn('zh'), toldIn('en')];
const both = en.map((told, i) => [told.name, zh[i]!, told] as const);

it('has every command of the issue, and no more than it says', () => {
  expect(en.filter(({ leaf }) => leaf).map(({ name }) => name.replace('vouchsafe ', '')).sort()).toEqual([
    'apply', 'audit events', 'audit rebuild', 'audit replay', 'audit timeline', 'audit verify', 'backup', 'bench', 'call', 'chaos', 'check-config', 'crash', 'demo', 'dev cluster', 'doctor', 'export journal',
    'import', 'keys bootstrap', 'mint', 'order', 'parked drop', 'parked list', 'parked retry', 'redeem', 'restore', 'topics apply', 'trace benefits', 'trace chargebacks', 'trace fraud', 'trace lists', 'up',
    'vault erase', 'vault reconcile', 'vault rotate',
  ]);
});

describe.each(both)('%s', (name, inChinese, inEnglish) => {
  it('says what it does in both languages', () => {
    expect([inChinese.description, inEnglish.description]).toEqual([expect.stringMatching(CHINESE), expect.not.stringMatching(CHINESE)]);
    expect(inEnglish.description.length).toBeGreaterThan(4);
  });
  it('describes every option, in both languages where it takes words', () => {
    for (const [flags, description] of Object.entries(inEnglish.options)) {
      const chinese = inChinese.options[flags]!;
      expect([flags, description !== '' && (description === chinese ? /^[\w |,…]+$/.test(chinese) : CHINESE.test(chinese) && !CHINESE.test(description))]).toEqual([flags, true]);
    }
  });
  it('shows an example', () => {
    if (!inEnglish.leaf && name !== 'vouchsafe') return;
    for (const { help } of [inChinese, inEnglish]) expect(help).toMatch(new RegExp(`\\n {2}(\\S+=\\S+ )*${name}\\b`));
  });
});

it('tells its exit codes, and titles in the reader’s language', () => {
  expect(zh[0]!.help).toMatch(/用法：[\s\S]*选项：[\s\S]*退出码：0 成功/);
  expect(en[0]!.help).toMatch(/Usage:[\s\S]*Options:[\s\S]*Exit codes: 0 done/);
  for (const code of Object.values(EXIT)) expect([zh[0]!.help, en[0]!.help]).toEqual([expect.stringContaining(`${code} `), expect.stringContaining(`${code} `)]);
});
it.each([
  [['frob'], "没有此命令 'frob'"], [['orde'], '是否想用 order？'], [['call'], "缺少参数 'method'"], [['redeem'], "缺少选项 '--code <code>'"], [['order', '--number'], "选项 '--number <number>' 缺少取值"],
  [['doctor', 'x'], '参数过多'], [['doctor', '--x'], "没有此选项 '--x'"], [['import', '--encoding', 'x'], '可选：utf8, gb18030'],
])('tells what is wrong with the command line in the reader’s language (%j)', (argv, words) => {
  const complaint = (locale: Locale): string => {
    let err = '';
    const quiet = (command: Command): void => {
      command.configureOutput({ writeErr: (text) => { err += text; } });
      command.commands.forEach(quiet);
    };
    const program = programIn(locale);
    quiet(program);
    expect(() => program.parse(argv, { from: 'user' })).toThrow();
    return err.split('用法')[0]!.split('Usage')[0]!;
  };
  expect(complaint('zh')).toContain(words);
  expect(complaint('zh')).not.toMatch(/error|specified|missing/);
  expect(complaint('en')).toMatch(/^error: /);
});
it.each(['retry', 'drop'])('says who carries out what is decided about parked messages, beside a running platform and on a stopped one (%s)', (what) => {
  const of = (told: readonly Told[]) => told.find(({ name }) => name === `vouchsafe parked ${what}`)!.description;
  expect([of(zh), of(en)]).toEqual([expect.stringMatching(/运行中的进程.*停机/), expect.stringMatching(/running process.*stopped/)]);
});
