import preset from '../../tools/jest/preset.mjs';

export default {
  ...preset,
  displayName: 'providers',
  roots: ['<rootDir>'],
  testMatch: ['**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/out-tsc'],
};
