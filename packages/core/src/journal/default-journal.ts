import { join } from 'node:path';
import type { TokenStore } from '../store/token-store.js';
import type { Clock } from '../timing/clock.js';
import { defaultJournalDirectory } from './default-journal-directory.js';
import { FileSpillJournal } from './file-spill-journal.js';
import { NO_JOURNAL } from './no-spill-journal.js';
import type { SpillJournal } from './spill-journal.js';

/**
 * The journal of who has chosen none: in a folder for this store and its key of ids, since only who has both can make use of what is in it.
 * A store that ends with the process needs none.
 *
 * @internal
 */
export function defaultJournal(store: TokenStore, clock: Clock): SpillJournal {
  if (!store.remote) return NO_JOURNAL;
  const folder = defaultJournalDirectory();
  const directory = folder && join(folder, store.fingerprint(`journal ${store.identity}`));
  return new FileSpillJournal({ clock, ...(directory === undefined ? {} : { directory }) });
}
