import { delimiter, join } from 'node:path';

import { repositoryRoot } from './repository-root.mjs';

/** What npm and Nx tell the scripts that they run, and what would mislead an npm or Nx started from there. */
const INHERITED =
  /^(npm_package_|npm_lifecycle_|npm_config_local_prefix$|INIT_CWD$|NX_TASK_|NX_TERMINAL_)/;

/**
 * The environment for a child process: this process' own without the marks of the npm script or Nx task around it,
 * with the workspace's binaries on the path.
 *
 * @param {Record<string, string>} [added] variables to set besides
 * @returns {NodeJS.ProcessEnv}
 */
export function childEnvironment(added = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !INHERITED.test(name));
  const binaries = join(repositoryRoot, 'node_modules', '.bin');
  return {
    ...Object.fromEntries(kept),
    PATH: `${binaries}${delimiter}${process.env['PATH'] ?? ''}`,
    ...added,
  };
}
