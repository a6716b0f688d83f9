import { defaultJournalDirectory, journalDirectoryOf } from './default-journal-directory.js';

const of = (
  platform: NodeJS.Platform,
  environment: Record<string, string>,
  home: string | undefined,
): string | undefined => journalDirectoryOf({ platform, environment, home });

describe('the default folder of the journal', () => {
  it.each([
    ['linux', {}, '/home/a', '/home/a/.local/state/oauth-token'],
    ['linux', { XDG_STATE_HOME: '/state' }, '/home/a', '/state/oauth-token'],
    ['linux', { XDG_STATE_HOME: 'relative' }, '/home/a', '/home/a/.local/state/oauth-token'],
    ['linux', { XDG_STATE_HOME: '' }, '/home/a', '/home/a/.local/state/oauth-token'],
    ['linux', {}, undefined, undefined],
    ['darwin', {}, '/Users/a', '/Users/a/Library/Application Support/oauth-token'],
    ['win32', { LOCALAPPDATA: 'C:\\L' }, 'C:\\Users\\a', 'C:\\L\\oauth-token'],
    ['win32', {}, 'C:\\Users\\a', 'C:\\Users\\a\\AppData\\Local\\oauth-token'],
  ] as const)('is that of the system: %s %j %s', (platform, environment, home, expected) => {
    expect(of(platform, environment, home)).toBe(expected);
  });

  it('is found on this machine', () => {
    expect(defaultJournalDirectory()).toMatch(/oauth-token$/);
  });
});
