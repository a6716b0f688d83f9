import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Who may import whom: the packages' boundaries, by the tag of each project. */
const boundaries = [
  { sourceTag: 'scope:core', onlyDependOnLibsWithTags: ['scope:core'] },
  { sourceTag: 'scope:providers', onlyDependOnLibsWithTags: ['scope:core'] },
  { sourceTag: 'scope:redis', onlyDependOnLibsWithTags: ['scope:core'] },
  { sourceTag: 'scope:nestjs', onlyDependOnLibsWithTags: ['scope:core'] },
  { sourceTag: 'scope:testing', onlyDependOnLibsWithTags: ['scope:core'] },
  {
    sourceTag: 'scope:cli',
    onlyDependOnLibsWithTags: ['scope:core', 'scope:providers', 'scope:redis'],
  },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['*'] },
  { sourceTag: 'type:lib', bannedExternalImports: ['@nestjs/platform-*'] },
  {
    // Everything but the Nest package is plain TypeScript.
    allSourceTags: ['type:lib', 'framework:none'],
    bannedExternalImports: ['@nestjs/*', 'rxjs'],
  },
];

export default tseslint.config(
  { ignores: ['**/dist', '**/out-tsc', '**/coverage', '**/node_modules', '.nx'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: true,
          // The servers that specs start: no package, so there is no name to import them by.
          allow: ['/tools/redis/index\\.mjs$'],
          depConstraints: boundaries,
        },
      ],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': 'off',
      'max-lines': ['error', { max: 250, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.spec.ts', '**/test/**/*.ts'],
    rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' },
  },
  {
    files: ['**/*.{mjs,cjs,js}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        URL: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        performance: 'readonly',
        setInterval: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        Buffer: 'readonly',
        AbortSignal: 'readonly',
      },
    },
  },
);
