import { reduceRecord } from '@oauth-token/core';
import { loadProtocol, type Mutation, type Protocol } from './load-protocol.js';
import { MUTANTS } from './mutants.js';
import { SCENARIOS } from './scenarios.js';
import { findCounterexample, search, type SearchResult, violationsOf } from './search.js';
import type { Scenario } from './world.js';

// Set MODEL_TRACES=1 to see a table of all searches, what each has found, and the counterexample of every mutant.
const tell = (text: string): void => {
  if (process.env['MODEL_TRACES'] !== undefined) process.stderr.write(`${text}\n`);
};

const LONG_MS = 60_000;

const table = ['| scenario | states | property |', '|---|---:|---|'];

let production: Protocol;

beforeAll(async () => {
  production = { ...(await loadProtocol()), reduceRecord };
});

async function searchThrough(scenario: Scenario): Promise<SearchResult> {
  const result = await search(scenario, production);
  const { name, property } = scenario;
  table.push(`| ${name} | ${result.states.toLocaleString('en')} | ${property} |`);
  tell(name);
  for (const [finding, trace] of result.findings) tell(`  ${finding}\n    ${trace}`);
  return result;
}

describe('every world that replicas, a store and an authorization server can come to', () => {
  it.each(Object.values<Scenario>(SCENARIOS))(
    '$name',
    async (scenario) => {
      const result = await searchThrough(scenario);
      expect(violationsOf(scenario, result)).toEqual([]);
      // What cannot be avoided is found, so that the search is known to look for it.
      expect([...result.findings.keys()].sort()).toEqual([...scenario.unavoidable].sort());
      expect(result.states).toBeGreaterThan(scenario.atLeast);
      expect(result.issued).toBeGreaterThan(2);
    },
    LONG_MS,
  );
});

afterAll(() => {
  tell(table.join('\n'));
});

describe('the search', () => {
  it('comes to everything that it is about', async () => {
    const scenario = { ...SCENARIOS.grace, flights: 2, expiries: 1, logins: 1 };
    const { labels } = await search(scenario, production);
    expect([...labels]).toEqual(
      expect.arrayContaining([
        ...['begin0~', 'begin1:busy', 'begin0:stale', 'late0', 'drop0', 'lose1', 'CRASH0'],
        ...['commit0~', 'commit1:sibling', 'commit0:oldEpoch', 'replay:committed', 'LOGIN~'],
        ...['settle0:settled', 'settle1:stale', 'EXPIRE-lease', 'EXPIRE-takeover'],
      ]),
    );
  });

  it('finds with the sources what it finds with the package', async () => {
    const counts = [await loadProtocol(), production].map(async (protocol) => {
      return (await search(SCENARIOS.crash, protocol)).states;
    });
    const [fromSources, fromPackage] = await Promise.all(counts);
    expect(fromSources).toBe(fromPackage);
  });

  it.each<[string, Mutation]>([
    ['is not there', { file: 'record/commit-record.ts', find: 'no such guard', replace: '' }],
    ['is there twice', { file: 'record/commit-record.ts', find: 'unchanged(', replace: '' }],
    ['is in no file of the protocol', { file: 'index.ts', find: 'export', replace: '' }],
  ])('refuses to change a guard that %s', async (_how, mutation) => {
    await expect(loadProtocol(mutation)).rejects.toThrow(mutation.file);
  });
});

describe('a guard that is changed is missed', () => {
  it.each(MUTANTS)(
    '$name',
    async ({ name, mutation, scenario, caught }) => {
      const protocol = mutation === undefined ? production : await loadProtocol(mutation);
      const counterexample = await findCounterexample(scenario, protocol);
      tell(`${name}\n  ${counterexample}`);
      expect(counterexample).toMatch(caught);
    },
    LONG_MS,
  );
});
