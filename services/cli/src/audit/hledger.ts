import { spawn } from 'node:child_process';

/** hledger stops at the first Chinese character without it. */
const ENV = { ...process.env, LC_ALL: 'C.UTF-8' };
export type Run = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** Runs hledger over a journal file. Undefined where it is not installed (Debian: `apt-get install hledger`). */
export const hledger = (file: string, ...args: readonly string[]): Promise<Run | undefined> =>
  new Promise((resolve, reject) => {
    const child = spawn('hledger', ['-f', file, ...args], { env: ENV, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
    child.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? resolve(undefined) : reject(error)));
    child.once('close', (status) => resolve({ status: status ?? 1, stdout, stderr }));
  });

/** `account|amount|commodity` of every balance that is not zero, as hledger adds them up. */
export const hledgerBalances = ({ stdout }: Run): readonly string[] =>
  stdout.trim().split('\n').slice(1)
    .map((row) => row.split(',').map((cell) => cell.replaceAll('"', '')))
    .filter(([, , , , , value]) => Number(value) !== 0)
    .map(([account, , , , commodity, value]) => `${account}|${value}|${commodity}`)
    .sort();
