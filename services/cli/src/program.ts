import { Command } from 'commander';
import { registerAudit } from './commands/register-audit.js';
import { registerCalls } from './commands/register-calls.js';
import { registerChaos } from './commands/register-chaos.js';
import { registerDev } from './commands/register-dev.js';
import { registerMeasure } from './commands/register-measure.js';
import { registerOperate } from './commands/register-operate.js';
import { registerTopics } from './commands/register-topics.js';
import { registerVault } from './commands/register-vault.js';
import type { Shell } from './shell.js';
import { EXIT, type Locale } from './speech.js';

/** Commander's own titles. */
const TITLES: Readonly<Record<string, string>> = { 'Usage:': '用法：', 'Options:': '选项：', 'Global Options:': '全局选项：', 'Commands:': '命令：', 'Arguments:': '参数：' };

/** Commander's own complaints; what it suggests after them stays. */
const COMPLAINTS: readonly (readonly [RegExp, string])[] = [
  [/^error: unknown command /, '错误：没有此命令 '], [/^error: unknown option /, '错误：没有此选项 '], [/^error: missing required argument /, '错误：缺少参数 '],
  [/^error: required option (.*) not specified/, '错误：缺少选项 $1'], [/^error: option (.*) argument missing/, '错误：选项 $1 缺少取值'],
  [/^error: too many arguments.*/, '错误：参数过多'], [/^error: option (.*) argument (.*) is invalid\. Allowed choices are (.*)\./, '错误：选项 $1 的取值 $2 无效，可选：$3'],
];
const inChinese = (text: string): string => COMPLAINTS.reduce((told, [pattern, words]) => told.replace(pattern, words), text).replace(/\(Did you mean (.*)\?\)/, '（是否想用 $1？）');

/** The whole command line, in the language of whoever reads it. */
export const createProgram = (shell: Shell, locale: Locale): Command => {
  const t = (zh: string, en: string): string => (locale === 'zh' ? zh : en);
  const program = new Command('vouchsafe')
    .description(t('销售、交付与核销虚拟权益的平台', 'sell, deliver and redeem virtual entitlements'))
    .version('0.1.0', '-V, --version', t('显示版本', 'print the version'))
    .option('--json', t('以 JSON 输出结果', 'print results as JSON'))
    .helpOption('-h, --help', t('显示帮助与示例', 'print help, with examples'))
    .helpCommand('help [command]', t('显示某个命令的帮助', 'print the help of a command'))
    .configureHelp({ styleTitle: (title) => t(TITLES[title] ?? title, title) })
    .configureOutput({ outputError: (text, write) => write(locale === 'zh' ? inChinese(text) : text) })
    .showHelpAfterError()
    .exitOverride()
    .addHelpText('after', t(
      `\n退出码：${EXIT.ok} 成功；${EXIT.refused} 平台拒绝或检查发现问题；${EXIT.usage} 命令行有误；${EXIT.data} 数据或文件有误；${EXIT.unavailable} 连不上平台，或目录被占用；${EXIT.bug} 程序缺陷；${EXIT.config} 配置有误\n\n  vouchsafe up --sandbox --furnish\n  vouchsafe order --help\n`,
      `\nExit codes: ${EXIT.ok} done; ${EXIT.refused} the platform said no, or a check found something; ${EXIT.usage} the command line is wrong; ${EXIT.data} data or a file is no good; ${EXIT.unavailable} the platform cannot be reached, or the directory is in use; ${EXIT.bug} a bug; ${EXIT.config} the configuration is wrong\n\n  vouchsafe up --sandbox --furnish\n  vouchsafe order --help\n`,
    ));
  registerOperate(program, shell, t);
  registerCalls(program, shell, t);
  registerAudit(program, shell, t);
  registerVault(program, shell, t);
  registerMeasure(program, shell, t);
  registerDev(program, shell, t);
  registerTopics(program, shell, t);
  registerChaos(program, shell, t);
  return program;
};
