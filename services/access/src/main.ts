import { writeFileSync } from 'node:fs';
import { runService } from '@vouchsafe/process/run';
import type { BootstrapKey } from './application/bootstrap.js';
import { accessProjections } from './access.js';
import { composeAccess } from './compose.js';
import { accessConfig } from './config.js';

const listOf = (text = ''): readonly string[] => text.split(',').filter((one) => one !== '');
const revealed = (keys: ReadonlyMap<string, BootstrapKey>): object => Object.fromEntries([...keys].map(([id, { key }]) => [id, key.reveal()]));
/** Keys go to a file that only this user reads, never to the screen. */
const written = (file: string | undefined, keys: object): string => {
  if (file === undefined) throw new Error('name the file that the key is written to');
  writeFileSync(file, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return file;
};

runService({
  name: 'access', views: accessProjections, vault: 'personal', settings: () => accessConfig,
  create: async (ports, settings) => composeAccess({ ...ports, vault: await ports.personal() }, settings),
}, {
  /** `bootstrap-admin <file> [--again]`: the first administrator's key, good for 24 hours, once; another one where it expired or was lost. */
  'bootstrap-admin': async ({ bootstrap }, [file, again]) => {
    const made = await bootstrap.admin(again === '--again');
    if (!made.ok) throw new Error(`${made.code}: the first key was made before; where it expired or was lost, pass --again, and the log tells of it`);
    return written(file, { admin: made.key.key.reveal() });
  },
  /** `bootstrap-sandbox <file> <channels> <terminals>`: keys of a sandbox for everybody on this machine. */
  'bootstrap-sandbox': async ({ bootstrap }, [file, channels, terminals]) => {
    const keys = await bootstrap.sandbox({ channels: listOf(channels), terminals: listOf(terminals) });
    return written(file, { admin: keys.admin.key.reveal(), channels: revealed(keys.channels), terminals: revealed(keys.terminals) });
  },
});
