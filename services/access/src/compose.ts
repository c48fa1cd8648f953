import { type Access, createAccess } from './access.js';
import type { AccessPorts } from './application/ports.js';
import type { AccessConfig } from './config.js';

/** The journal of the irrevocable, as far as access writes it. */
type Erasing = { record(entry: { readonly type: 'Erased'; readonly kind: 'subject'; readonly id: string; readonly principal: string; readonly reason: string }): void; flush(): Promise<void> };

/** Access as every composition makes it: erasures are in the journal before the key goes. */
export const composeAccess = (ports: Omit<AccessPorts, 'onErased'> & { readonly journal: Erasing }, config: AccessConfig): Access =>
  createAccess({
    ...ports,
    onErased: async (subject) => {
      ports.journal.record({ type: 'Erased', kind: 'subject', id: subject, principal: 'svc_access', reason: 'erasure' });
      await ports.journal.flush();
    },
  }, config);
