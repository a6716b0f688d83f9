import 'reflect-metadata';
import { ConfigurationError } from '@oauth-token/core';
import { portProblems } from './net/port-problems.js';
import { loadConfiguration } from './settings/demo-configuration.js';
import { startDemo } from './start-demo.js';
import { describeStartFailure } from './start-failure.js';

try {
  const configuration = loadConfiguration(process.env);
  const problems = await portProblems(configuration.settings);
  if (problems.length > 0) throw new ConfigurationError(problems);
  await startDemo(configuration);
} catch (error) {
  process.stderr.write(describeStartFailure(error));
  process.exitCode = 1;
}
