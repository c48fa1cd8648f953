/** Where each start of a process claims its boot epoch: its revision there, counted from 1. No category and no reader sees it. */
export const EPOCHS = 'vouchsafe_epochs';

/**
 * How streams are called on the server: by their own names, or behind a prefix where several stores share one server. The
 * prefix is no part of an event: leaves are made from a stream's own name.
 */
export class Names {
  constructor(readonly prefix: string) {}

  onServer(stream: string): string {
    return this.prefix + stream;
  }
  /** The stream's own name; undefined for what readers of the port do not see: the server's own streams, other stores', the epochs. */
  ours(name: string): string | undefined {
    if (name.startsWith('$') || !name.startsWith(this.prefix)) return undefined;
    const stream = name.slice(this.prefix.length);
    return stream === EPOCHS ? undefined : stream;
  }
}
