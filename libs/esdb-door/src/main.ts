import { silentLog } from '@vouchsafe/runtime';
import { serveLog } from './serve-log.js';

/** `node dist/main.js <folder> [port]`: an event store for development and tests. Says READY and its connection string; ends at SIGTERM. */
const main = async ([folder, port = '0']: readonly string[]): Promise<void> => {
  const tell = (message: string): void => void process.stderr.write(`${message}\n`);
  if (!folder || !/^\d+$/.test(port)) {
    tell('用法：node main.js <目录> [端口] / usage: node main.js <folder> [port]');
    process.exitCode = 2;
    return;
  }
  const log = { ...silentLog, error: (fields: object, message: string) => tell(`${message} ${JSON.stringify(fields)}`) };
  const served = await serveLog({
    folder, port: Number(port), log,
    onFatal: (fault) => {
      tell(fault.message);
      process.exit(1);
    },
  });
  process.stdout.write(`READY ${served.url}\n`);
  const stop = (): void => void served.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
};

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
