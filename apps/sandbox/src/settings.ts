import { z } from 'zod';

/** The settings as they stand in the environment; an empty one counts as absent. */
const schema = z.object({
  SANDBOX_PORT: z
    .string()
    .default('4000')
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, {
      error: 'must be a port number from 0 to 65535 (0 takes any free one)',
    })
    .transform(Number),
  HOST: z
    .string()
    .default('127.0.0.1')
    .refine((text) => /^[\w.:-]+$/.test(text), {
      error: 'must be a host name or an address, such as 127.0.0.1',
    }),
});

/** Where the sandbox listens. @internal */
export interface SandboxAppSettings {
  readonly host: string;
  readonly port: number;
}

/** The environment holds settings that cannot be used; names every one. @internal */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly problems: readonly string[]) {
    super(
      `The sandbox does not start: ${problems.length} setting(s) are wrong.\n` +
        problems.map((problem) => `  - ${problem}`).join('\n'),
    );
  }
}

/**
 * Reads the settings from an environment.
 *
 * @throws {@link SettingsError}
 * @internal
 */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
): SandboxAppSettings {
  const present = Object.entries(environment).filter(([, value]) => value !== '');
  const result = schema.safeParse(Object.fromEntries(present));
  if (!result.success) {
    throw new SettingsError(
      result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    );
  }
  return { host: result.data.HOST, port: result.data.SANDBOX_PORT };
}
