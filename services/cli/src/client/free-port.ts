import { createServer } from 'node:net';
import type { Speech } from '../speech.js';

/** `wanted` if it can be had on loopback, else 0 (any), with a word about it. */
export const freePort = (wanted: number, { note, t }: Speech): Promise<number> =>
  new Promise((resolve) => {
    if (wanted === 0) return resolve(0);
    const probe = createServer();
    probe.once('error', () => {
      note(t(`端口 ${wanted} 被占用，改用其他端口`, `port ${wanted} is taken, using another one`));
      resolve(0);
    });
    probe.listen(wanted, '127.0.0.1', () => probe.close(() => resolve(wanted)));
  });
