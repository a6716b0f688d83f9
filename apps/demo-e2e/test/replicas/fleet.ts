import type { LedgerItem } from '@oauth-token/testing';
import type { TcpProxy } from '../../../../tools/redis/index.mjs';

/** A process whose output is kept. */
export interface NodeProcess {
  readonly pid: number;
  readonly output: string;
  readonly running: boolean;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  printed(pattern: RegExp, limitMs: number): Promise<string>;
  stop(): Promise<number | string | null>;
}

export interface Replica {
  readonly process: NodeProcess;
  readonly url: string;
  readonly link: TcpProxy;
}

export interface FleetRegistration {
  readonly registrationId: string;
  readonly dialect: '2ba' | 'veeam' | 'empowerid' | 'oidc';
}

/** One call that a replica has made. */
export interface FleetCall {
  readonly status: number;
  readonly apiStatus?: number;
  readonly attempts?: number;
  readonly code?: string;
  readonly tokenFingerprint?: string;
}

interface RecordView {
  readonly id: string;
  readonly version: number;
  readonly owner?: string;
}

export interface Kill {
  readonly at: number;
  readonly held: readonly RecordView[];
}

export interface Fleet {
  readonly replicas: readonly Replica[];
  readonly sandboxUrl: string;
  readonly store: { readonly url: string; readonly tokenKeys: string; readonly prefix: string };
  ledger(): Promise<readonly LedgerItem[]>;
  view(): Promise<readonly RecordView[]>;
  kill(replica: Replica): Promise<Kill>;
  call(replica: Replica, registration: FleetRegistration, subject?: string): Promise<FleetCall>;
  output(): string;
  stop(): Promise<void>;
}

interface FleetCalls {
  spare(replica: Replica): Promise<void>;
  stop(): Promise<readonly FleetCall[]>;
}

interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** The scripts of the soak, which have no types of their own. */
const script = <Module>(path: string): Promise<Module> =>
  import(new URL(`../../../../tools/${path}`, import.meta.url).href) as Promise<Module>;

export const { buildDemo } = await script<{
  buildDemo: () => Promise<{ readonly ok: boolean; readonly output: string }>;
}>('demo/build.mjs');

export const { NodeProcess } = await script<{
  NodeProcess: new (path: string, environment: Record<string, string>) => NodeProcess;
}>('soak/node-process.mjs');

const soak = await script<{
  Fleet: {
    start(options: {
      replicas: number;
      registrations: readonly FleetRegistration[];
      lifetimeSeconds: Record<string, number>;
      answerMs?: number;
    }): Promise<Fleet>;
  };
  request: (method: string, url: string, body?: object) => Promise<Answer<unknown>>;
}>('soak/fleet.mjs');

export const { Fleet } = soak;

/** Sends JSON and reads JSON. */
export async function request<Body>(
  method: string,
  url: string,
  body?: object,
): Promise<Answer<Body>> {
  const answer = await soak.request(method, url, body);
  return { status: answer.status, body: answer.body as Body };
}

export const { FleetCalls } = await script<{
  FleetCalls: new (
    fleet: Fleet,
    options: { perSecond: number; of: readonly FleetRegistration[] },
  ) => FleetCalls;
}>('soak/fleet-calls.mjs');

export const { judgeFleet } = await script<{
  judgeFleet: (run: {
    items: readonly LedgerItem[];
    calls: readonly FleetCall[];
    registrations: number;
    until: number;
    kill?: { at: number; held: number };
  }) => { readonly problems: readonly string[]; readonly figures: Record<string, unknown> };
}>('soak/judge-fleet.mjs');
