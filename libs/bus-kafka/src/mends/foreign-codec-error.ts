/** Bytes that another client compressed are not what they say they are. */
export class ForeignCodecError extends Error {
  override readonly name = 'ForeignCodecError';
}
