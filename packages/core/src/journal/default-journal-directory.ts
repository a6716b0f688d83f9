import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** What the folder depends on. @internal */
export interface JournalDirectoryFacts {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The user's home, where there is one. */
  readonly home: string | undefined;
}

const NAME = 'oauth-token';

/** A variable that names an absolute folder; the XDG specification has relative ones ignored. */
function folderIn(facts: JournalDirectoryFacts, variable: string): string | undefined {
  const value = facts.environment[variable];
  const path = facts.platform === 'win32' ? win32 : posix;
  return value !== undefined && path.isAbsolute(value) ? value : undefined;
}

/** Where the journal lives by default, from given facts. @internal */
export function journalDirectoryOf(facts: JournalDirectoryFacts): string | undefined {
  const { platform, home } = facts;
  if (platform === 'win32') {
    const local = folderIn(facts, 'LOCALAPPDATA') ?? (home && win32.join(home, 'AppData', 'Local'));
    return local && win32.join(local, NAME);
  }
  if (platform === 'darwin') {
    return home && posix.join(home, 'Library', 'Application Support', NAME);
  }
  const state = folderIn(facts, 'XDG_STATE_HOME') ?? (home && posix.join(home, '.local', 'state'));
  return state && posix.join(state, NAME);
}

/** A user without an entry in the password file has no home, and the platform throws. */
function homeOrNone(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * The operating system's folder for state that is not configuration: `$XDG_STATE_HOME/oauth-token` or
 * `~/.local/state/oauth-token` (XDG Base Directory Specification 0.8), `~/Library/Application Support/oauth-token` on
 * macOS, `%LOCALAPPDATA%\oauth-token` on Windows; none when the user has no home.
 *
 * @public
 */
export function defaultJournalDirectory(): string | undefined {
  return journalDirectoryOf({
    platform: process.platform,
    environment: process.env,
    home: homeOrNone(),
  });
}
