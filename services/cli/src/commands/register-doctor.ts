import type { Command } from 'commander';
import { callerVariables } from '../environment.js';
import type { Shell } from '../shell.js';
import { CommandFailure, EXIT } from '../speech.js';
import { doctor, doctorOf } from './doctor.js';

type Options = { readonly url?: string; readonly probe: readonly string[]; readonly keyVar: string };

/** `doctor`: of this machine, or with `--url` of a running deployment from outside. */
export const registerDoctor = (program: Command, shell: Shell, t: (zh: string, en: string) => string): void => {
  program.command('doctor').description(t(
    '检查本机能否启动平台（Node、磁盘、目录、密钥、端口、时钟、配置）；加 --url 则从外部检查运行中的部署：依赖、滞后、时钟、搁置消息、账簿、完整性，并说明如何处理',
    'check whether this machine can start the platform (Node, disk, directories, keys, ports, clock, configuration); with --url look at a running deployment from outside: dependencies, lag, clocks, parked messages, books, integrity, and what to do',
  ))
    .option('--url <address>', t('运行中的部署的网关（HTTP）', 'gateway of a running deployment (HTTP)'))
    .option('--probe <address>', t('某服务的探针地址（分布式），可多次给出', 'probe of a service (distributed form), may be given many times'), (one: string, all: readonly string[]) => [...all, one], [])
    .option('--key-var <name>', t('存放审计员密钥的变量', 'variable that holds an auditor’s key'), 'VOUCHSAFE_ADMIN_KEY')
    .addHelpText('after', `
  vouchsafe doctor
  vouchsafe doctor --url https://vouchsafe.example --probe http://order:8180 --probe http://ledger:8180 --json
${t('退出码：0 一切正常，1 有问题，64 用法错误，69 连不上网关', 'exit: 0 all is well, 1 something is not, 64 usage, 69 the gateway cannot be reached')}
`)
    .action(async ({ url, probe, keyVar }: Options) => {
      if (url === undefined) return shell.exit(await doctor(shell.speech(), shell.env));
      for (const address of [url, ...probe]) if (!/^https?:\/\//.test(address) || !URL.canParse(address)) throw new CommandFailure(EXIT.usage, `地址须形如 http://host:port：${address}`, `an address is of the form http://host:port: ${address}`);
      const key = callerVariables(shell.env, shell.cwd)[keyVar];
      shell.exit(await doctorOf(shell.speech(), { url, probes: probe, ...(key && { key }) }));
    });
};
