import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

/**
 * A connection whose broker went silent (frozen, or a network that swallows) is kept by kafkajs for ever: the request times out,
 * its retry goes into the same dead socket. Mended: when a request times out, the connections to that broker are cut, and
 * kafkajs makes new ones. One per client.
 */
export type Sockets = {
  readonly factory: ISocketFactory;
  /** Cuts the connections to a broker, `host:port`. */
  cut(broker: string): void;
};

const KEEP_ALIVE_MS = 30_000;

export const trackedSockets = (): Sockets => {
  const open = new Map<string, Set<net.Socket>>();
  const track = (broker: string, socket: net.Socket): void => {
    const known = open.get(broker) ?? new Set();
    open.set(broker, known.add(socket));
    socket.once('close', () => {
      known.delete(socket);
      if (known.size === 0 && open.get(broker) === known) open.delete(broker);
    });
  };
  return {
    factory: ({ host, port, ssl, onConnect }) => {
      const servername = net.isIP(host) === 0 ? { servername: host } : {};
      const socket = ssl ? tls.connect({ host, port, ...servername, ...ssl }, onConnect) : net.connect({ host, port }, onConnect);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.setNoDelay(true);
      track(`${host}:${port}`, socket);
      return socket;
    },
    cut: (broker) => {
      for (const socket of open.get(broker) ?? []) socket.destroy(new Error('the broker is silent'));
    },
  };
};
