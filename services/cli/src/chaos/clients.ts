import type { Cluster } from '@vouchsafe/cluster';
import { Connection } from '../client/connection.js';

/** Whoever calls the cluster. */
export type Clients = {
  readonly admin: Connection;
  readonly channels: Readonly<Record<(typeof CHANNELS)[number], Connection>>;
  readonly till: Connection;
  close(): void;
};

export const CHANNELS = ['chn_dist', 'chn_corp'] as const;
export const TERMINAL = 'trm_lake-1';
const DEADLINE_MS = 10_000;

export const clientsOf = ({ grpc, keys }: Cluster): Clients => {
  const open = (key: string | undefined): Connection => new Connection({ grpc, key: key ?? '' }, DEADLINE_MS);
  const admin = new Connection({ grpc, key: keys.admin }, DEADLINE_MS * 6);
  const channels = { chn_dist: open(keys.channels['chn_dist']), chn_corp: open(keys.channels['chn_corp']) };
  const till = open(keys.terminals[TERMINAL]);
  return { admin, channels, till, close: () => [admin, ...Object.values(channels), till].forEach((connection) => connection.close()) };
};
