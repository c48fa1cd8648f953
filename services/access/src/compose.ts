import type { Journal } from '@vouchsafe/journal';
import { type Access, createAccess } from './access.js';
import type { AccessPorts, Erased } from './application/ports.js';
import type { AccessConfig } from './config.js';

/** The journal of the irrevocable, as far as access writes and reads it; and whether this data was restored or copied. */
type Outside = { readonly journal: Pick<Journal, 'record' | 'flush' | 'read'>; readonly deployment: { readonly raised: boolean } };

/** Access as every composition makes it: erasures are in the journal before the key goes, and are carried out again after a restore. */
export const composeAccess = (ports: Omit<AccessPorts, 'onErased' | 'erasedBefore'> & Outside, config: AccessConfig): Access =>
  createAccess({
    ...ports,
    onErased: async (subject) => {
      ports.journal.record({ type: 'Erased', kind: 'subject', id: subject, principal: 'svc_access', reason: 'erasure' });
      await ports.journal.flush();
    },
    ...(ports.deployment.raised && { erasedBefore: () => subjectsErased(ports.journal) }),
  }, config);

async function* subjectsErased(journal: Pick<Journal, 'read'>): AsyncGenerator<Erased> {
  for await (const { entry } of journal.read()) if (entry.type === 'Erased' && entry.kind === 'subject') yield { subject: entry.id, reason: entry.reason };
}
