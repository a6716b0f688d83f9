import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type {
  Grant,
  RecordState,
  RefreshTokenReuse,
  reduceRecord,
  TokenSet,
} from '@oauth-token/core';
import ts from 'typescript';

const SOURCES = fileURLToPath(new URL('../../../core/src', import.meta.url));
const REDUCER = 'record/reduce-record.ts';
const PLAN = 'refresh/renewal-plan.ts';

/** One guard of the production sources, changed. */
export interface Mutation {
  /** Below `packages/core/src`. */
  readonly file: string;
  /** Must be there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** What a replica plans by: the members of `PlanFacts` that the model fills. */
export interface PlanInput {
  readonly record:
    | {
        readonly id: string;
        readonly key: { readonly registrationId: string };
        readonly tokens?: TokenSet;
        readonly state: RecordState<string>;
      }
    | undefined;
  readonly standing: 'current' | 'behind' | 'ended';
  readonly now: number;
  readonly reason: 'demand';
  readonly proven: boolean;
  readonly startVersion: number | undefined;
  readonly reuse: RefreshTokenReuse;
  readonly fingerprintOf: { refreshToken(token: string): string; grant(grant: Grant): string };
  readonly selfLogin: () => Promise<Grant | undefined>;
}

/** What it answers, as far as the model reads it. */
export interface PlanAnswer {
  readonly kind: 'adopt' | 'refresh' | 'seed' | 'login' | 'giveUp' | 'hold' | 'none';
  readonly fingerprint?: string;
}

/** The pure functions of production that the model runs. */
export interface Protocol {
  readonly reduceRecord: typeof reduceRecord;
  readonly planRenewal: (facts: PlanInput) => Promise<PlanAnswer>;
}

/**
 * Reads the reducer and the plan from the sources of production, with one guard changed where a mutation says so, and imports them.
 *
 * @throws Error when the text that a mutation changes is not in its file exactly once.
 */
export async function loadProtocol(mutation?: Mutation): Promise<Protocol> {
  const folder = mkdtempSync(join(tmpdir(), 'record-model-'));
  try {
    const written = new Set<string>();
    for (const entry of [REDUCER, PLAN]) transpile(entry, folder, written, mutation);
    if (mutation !== undefined && !written.has(mutation.file)) {
      throw new Error(`${mutation.file} is not part of the protocol.`);
    }
    const load = (file: string): Promise<unknown> =>
      import(pathToFileURL(join(folder, compiled(file))).href);
    // They share modules, which are linked once: one after the other.
    const reducer = await load(REDUCER);
    const plan = await load(PLAN);
    return { ...(reducer as object), ...(plan as object) } as Protocol;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What sources were transpiled to: a mutation changes one of them. */
const outputs = new Map<string, string>();

const outputOf = (source: string): string =>
  ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  }).outputText;

const compiled = (file: string): string => file.replace(/\.ts$/, '.mjs');

/** Writes a source and all that it imports to the folder. */
function transpile(
  file: string,
  folder: string,
  written: Set<string>,
  mutation: Mutation | undefined,
): void {
  if (written.has(file)) return;
  written.add(file);
  const source = mutate(file, readFileSync(join(SOURCES, file), 'utf8'), mutation);
  const outputText = outputs.get(source) ?? outputOf(source);
  outputs.set(source, outputText);
  const target = join(folder, compiled(file));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText.replaceAll(/(from '\.[^']+)\.js'/g, "$1.mjs'"));
  for (const [, path = ''] of outputText.matchAll(/from '(\.[^']+)\.js'/g)) {
    transpile(posix.join(posix.dirname(file), `${path}.ts`), folder, written, mutation);
  }
}

function mutate(file: string, source: string, mutation: Mutation | undefined): string {
  if (mutation?.file !== file) return source;
  const parts = source.split(mutation.find);
  if (parts.length !== 2) {
    throw new Error(`'${mutation.find}' is in ${file} ${parts.length - 1} times, not once.`);
  }
  return parts.join(mutation.replace);
}
