import assert from 'node:assert/strict';
import test from 'node:test';

import { inspectFiles, undeclaredImports } from './inspect.mjs';

const manifest = {
  name: '@oauth-token/example',
  exports: {
    '.': {
      '@oauth-token/source': './src/index.ts',
      types: './dist/index.d.ts',
      default: './dist/index.js',
    },
  },
  dependencies: { '@oauth-token/core': '0.1.0' },
  peerDependencies: { axios: '^1.19.0' },
};

test('what nobody needs is named, and what is exported and missing', () => {
  const files = ['package.json', 'dist/index.js', 'dist/a.spec.js', 'src/index.ts'];
  assert.deepEqual(inspectFiles(files, manifest), [
    'dist/a.spec.js should not be published',
    'src/index.ts should not be published',
    'dist/index.d.ts is exported and not published',
  ]);
});

test('imports of what is neither dependency nor peer are named', () => {
  const source = [
    "import type { Axios } from 'axios';",
    "export { a } from '@oauth-token/core';",
    "import { readFile } from 'node:fs';",
    "declare const cron: import('cron').CronJob;",
    "export * from '@nestjs/common/interfaces/index.js';",
    "import './own.js';",
    "// import 'in-a-comment';",
  ].join('\n');
  assert.deepEqual(undeclaredImports(source, manifest), ['cron', '@nestjs/common']);
});
