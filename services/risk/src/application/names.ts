/** Characters of a fingerprint that name a stream and an id. */
const FINGERPRINT_CHARS = 32;
const FINGERPRINT = /^[A-Za-z0-9_-]{8,128}$/;
/** Whether a fingerprint may name a stream. */
export const isFingerprint = (text: string): boolean => FINGERPRINT.test(text);

export const verdictStream = (orderId: string, fingerprint: string): string => `verdict-${orderId}_${fingerprint.slice(0, FINGERPRINT_CHARS)}`;
/** The id says which stream it is, so that no index is needed: `vdt_<order>.<fingerprint>`, its underscores as `~`. */
export const verdictIdOf = (orderId: string, fingerprint: string): string =>
  `vdt_${orderId.startsWith('ord_') ? orderId.slice(4) : orderId}.${withTildes(fingerprint.slice(0, FINGERPRINT_CHARS))}`;
const withTildes = (text: string): string => (text.includes('_') ? text.replaceAll('_', '~') : text);

/** The stream of a verdict's id; undefined where the id is none of ours. */
export const streamOfVerdict = (verdictId: string, category: 'verdict' | 'case' = 'verdict'): string | undefined => {
  const match = /^vdt_([A-Za-z0-9-]{1,64})\.([A-Za-z0-9~-]{1,32})$/.exec(verdictId);
  return match ? `${category}-ord_${match[1]}_${match[2]!.replaceAll('~', '_')}` : undefined;
};
/** A challenge's token names the verdict that asked for it; it is worth something only on its channel and for its buyer. */
export const challengeTokenOf = (verdictId: string): string => verdictId.replace(/^vdt_/, 'chl_');
export const verdictOfChallenge = (token: string): string => token.replace(/^chl_/, 'vdt_');
