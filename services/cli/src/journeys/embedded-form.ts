import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '@vouchsafe/test-servers';
import { auditAfter, broken } from '../audit/after.js';
import { DEMO_CHANNELS, DEMO_TERMINALS } from '../demo/cast.js';
import { Server } from '../drive/server.js';
import { createSpeech } from '../speech.js';
import type { Form, FormKeys } from './form.js';

const { t } = createSpeech('en', false, { out: () => {}, err: () => {} });
/** As an env file of keys names them: the first of each kind is the default. */
const variableOf = (prefix: string, id: string): string => `${prefix}_${id.replace(/^(chn|trm)_/, '').replaceAll(/[.-]/g, '_').toUpperCase()}`;

/** `vouchsafe up --sandbox`, a process of its own on an empty directory: all services in it, on the embedded stores. */
export const openEmbedded = async (): Promise<Form> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-journeys-'));
  const server = new Server({ folder, ports: { http: await freePort(), grpc: await freePort() } });
  const { http, grpc, keys } = await server.start();
  const of = (prefix: string, ids: readonly string[]): FormKeys['channels'] => Object.fromEntries(ids.map((id) => [id, keys[variableOf(prefix, id)] ?? '']));
  return {
    http, grpc, folder, recorders: 'one',
    keys: { admin: keys.VOUCHSAFE_ADMIN_KEY ?? '', channels: of('VOUCHSAFE_KEY', DEMO_CHANNELS), terminals: of('VOUCHSAFE_TERMINAL_KEY', DEMO_TERMINALS) },
    behind: ['bus: in process', 'read store: node:sqlite', 'vault: the embedded one', 'event store: the embedded log', 'rpc: in process, gRPC and HTTP at the gateway'],
    crash: async () => {
      await server.kill();
      await server.start();
    },
    audit: async () => {
      const code = await server.stop();
      return [...(code === 0 ? [] : [`it ended with ${code}: ${server.complaints}`]), ...broken(await auditAfter({ data: path.join(folder, 'data'), namespace: 'sandbox' }), t)];
    },
    close: async () => {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
