interface Row {
  readonly kind: string;
  readonly numbers: string;
  readonly injected: number;
  readonly renewals: number;
}

interface Outcome {
  readonly rows: readonly Row[];
  readonly broken: readonly string[];
}

interface CommandResult {
  readonly ok: boolean;
  readonly output: string;
  readonly stdout: string;
}

const START_MS = 240_000;

/** Every kind of fault with its number in the catalogue of failures. */
const KINDS = [
  ['stop-short', '1'],
  ['stop-before-send', '3'],
  ['kill-before-send', '4'],
  ['kill-before-spill', '5'],
  ['kill-after-spill', '6'],
  ['kill-after-commit', '7, 8'],
  ['terminate', '9'],
  ['block', '10'],
  ['late-answer', '18'],
  ['reset', '19'],
  ['half-open', '20'],
  ['error-after', '23'],
  ['duplicate', '29'],
  ['redis-kill', '45'],
  ['redis-empty', '46'],
  ['redis-rollback', '47'],
  ['failover', '48, 49'],
  ['redis-refuses', '50'],
  ['redis-full', '51'],
  ['script-flush', '53'],
  ['redis-frozen', '56'],
  ['reply-lost', '57'],
  ['feed-lost', '58'],
  ['lock-frozen', '60'],
  ['clock-jump', '62'],
] as const;

const SIGTERMS = 5;

// Scripts without types of their own.
const script = (path: string): string => new URL(`../../../../tools/${path}`, import.meta.url).href;
const { buildDemo } = (await import(script('demo/build.mjs'))) as {
  buildDemo: () => Promise<CommandResult>;
};
const { runCommand } = (await import(script('process/run-command.mjs'))) as {
  runCommand: (
    command: readonly string[],
    options: { timeoutMs: number },
  ) => Promise<CommandResult>;
};

describe('one fault of each kind, in real processes over a real Redis', () => {
  let outcome: Outcome;

  beforeAll(async () => {
    const built = await buildDemo();
    if (!built.ok) throw new Error(built.output);
    const options = ['--faults', String(KINDS.length), '--seed', '1', '--json'];
    const command = [process.execPath, 'tools/faults/run.mjs', ...options];
    const { stdout, output } = await runCommand(command, { timeoutMs: START_MS });
    const json = stdout.trim().split('\n').at(-1) ?? '';
    if (!json.startsWith('{')) throw new Error(output);
    outcome = JSON.parse(json) as Outcome;
  }, 2 * START_MS);

  it.each(KINDS)('%s (%s) falls into a refresh and breaks no promise', (kind, numbers) => {
    const row = outcome.rows.find((each) => each.kind === kind);
    expect(row).toMatchObject({ numbers });
    expect(row?.injected).toBeGreaterThanOrEqual(kind === 'terminate' ? SIGTERMS : 1);
    expect(outcome.broken.filter((problem) => problem.startsWith(`${kind} `))).toEqual([]);
  });

  it('no other promise is broken', () => {
    expect(outcome.broken).toEqual([]);
    expect(outcome.rows.map(({ kind }) => kind).sort()).toEqual(KINDS.map(([kind]) => kind).sort());
  });
});
