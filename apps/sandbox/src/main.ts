import { describeSandbox, startSandbox, StartError } from './sandbox-app.js';
import { readSettings, SettingsError } from './settings.js';

async function main(): Promise<void> {
  const sandbox = await startSandbox(readSettings(process.env));
  for (const line of describeSandbox(sandbox.url)) console.log(line);
  const stop = (): void => {
    // Nothing is left to do then, so the process ends by itself. A second signal ends it at once.
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    void sandbox.stop();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

try {
  await main();
} catch (error) {
  const isPlain = error instanceof SettingsError || error instanceof StartError;
  console.error(isPlain ? error.message : error);
  process.exitCode = 1;
}
