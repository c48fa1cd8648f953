/** A server that tests need is not to be had here; the message says why. */
export class ServerUnavailable extends Error {
  override readonly name = 'ServerUnavailable';
}
