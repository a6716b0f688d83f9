/** The consumer as CommonJS: every package is loaded with `require`. */
require('reflect-metadata');

const { scenario } = require('./scenario.cjs');

scenario({
  common: require('@nestjs/common'),
  core: require('@nestjs/core'),
  schedule: require('@nestjs/schedule'),
  engine: require('@oauth-token/core'),
  providers: require('@oauth-token/providers'),
  oauth: require('@oauth-token/nestjs'),
  testing: require('@oauth-token/testing'),
}).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
