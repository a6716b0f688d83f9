import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Spill journals of tests are no business of the user's own folder.
process.env['XDG_STATE_HOME'] = join(tmpdir(), `oauth-token-tests-${process.getuid?.() ?? 0}`);

/** Shared by every project: native ESM, decorators with metadata through SWC. */
export default {
  testEnvironment: 'node',
  // Workspace packages are read from their sources, so `test` needs no `build`.
  testEnvironmentOptions: {
    customExportConditions: ['@oauth-token/source', 'node', 'node-addons'],
  },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true, dynamicImport: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
          },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json'],
  setupFiles: ['reflect-metadata'],
  clearMocks: true,
};
