export type { KeyFileOptions } from './key-file.js';
export { fileKeyWrap, secretKeyWrap } from './key-file.js';
export type { KeyWrap } from './key-wrap.js';
export { KEK_BYTES, localKeyWrap } from './key-wrap.js';
