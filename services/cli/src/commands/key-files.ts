import { existsSync } from 'node:fs';
import { placesOf, type PlatformConfig } from '@vouchsafe/all-in-one';
import type { Speech } from '../speech.js';

/** Key files that the next start makes, for there are none. */
export const keyFilesToBeMade = (config: PlatformConfig): readonly string[] =>
  config.VOUCHSAFE_NAMESPACES.map((namespace) => placesOf(config, namespace).keyFile).filter((file) => !existsSync(file));

/** To be said once, when it was made: nobody can make it again. */
export const keyMade = (file: string, { t }: Speech): string =>
  t(`已生成主密钥 ${file}：请另存一份到安全的地方，遗失即丢失全部库存卡密`, `made the key file ${file}: keep a copy in a safe place, whoever loses it loses all codes in stock`);
