import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runCommand } from '../process/run-command.mjs';
import { inspectFiles, undeclaredImports } from './inspect.mjs';
import { packPublicPackages } from './public-packages.mjs';

/**
 * Packs every public package and looks at the tarball: publint, Are the types wrong, the list of files, and that neither
 * code nor types import what is not declared.
 */

/** @typedef {import('./public-packages.mjs').PackedPackage} PackedPackage */

/** @param {PackedPackage} each @returns {Promise<string[]>} */
async function problemsOf({ tarball, folder, files, manifest }) {
  const tools = await Promise.all([
    runCommand(['publint', 'run', tarball, '--strict']),
    runCommand(['attw', tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']),
  ]);
  const imports = files
    .filter((file) => /\.(js|d\.ts)$/.test(file))
    .flatMap((file) => {
      const source = readFileSync(join(folder, file), 'utf8');
      const names = undeclaredImports(source, manifest);
      return names.map((name) => `${file} imports ${name}, which is no dependency and no peer`);
    });
  return [
    ...tools.filter(({ ok }) => !ok).map(({ output }) => output.trim()),
    ...inspectFiles(files, manifest),
    ...imports,
  ];
}

const folder = mkdtempSync(join(tmpdir(), 'oauth-token-packages-'));
try {
  for (const each of await packPublicPackages(folder)) {
    const problems = await problemsOf(each);
    console.log(`${each.name}: ${each.files.length} files, ${problems.length} problems`);
    for (const problem of problems) console.log(`  ${problem.replaceAll('\n', '\n  ')}`);
    if (problems.length > 0) process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
