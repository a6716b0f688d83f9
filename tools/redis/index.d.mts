/** A Redis server program that can be started here. */
export interface RedisProgram {
  /** The program's path; with `image`, that of `docker`. */
  readonly server: string;
  /** The path of the `redis-cli` that stands beside it. */
  readonly cli?: string;
  /** What it needs in its environment besides ours. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it was found, for people. */
  readonly from: string;
  /** As in `7.0.15`; of an image, its tag. */
  readonly version: string;
  /** The Docker image that holds the server, where it is one. */
  readonly image?: string;
}

/** A server that somebody else runs: the value of `REDIS_URL`. */
export interface RunningRedis {
  readonly url: string;
}

/** What a server answers: an error in an array is a value, any other one is thrown. */
export type RedisReply = string | number | null | Error | RedisReply[];

/** Lines of `redis.conf`; a list gives one line for each of its values. */
export type RedisConfig = Readonly<Record<string, string | number | readonly (string | number)[]>>;

export interface RedisOptions {
  /** A free port unless given. */
  readonly port?: number;
  /** Lines of `redis.conf`, written as they stand: quotes are the caller's; an empty value is `""`. */
  readonly config?: RedisConfig;
  /** Where it keeps its data, and leaves it at `stop`; a folder that is removed unless given. */
  readonly dir?: string;
  /** Run it as a Sentinel. */
  readonly sentinel?: boolean;
}

/** A Redis server of our own. It ends with us at the latest, however we end. */
export interface RedisProcess {
  readonly host: string;
  readonly port: number;
  /** `redis://[:password@]127.0.0.1:port` */
  readonly url: string;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  readonly running: boolean;
  /** Where it keeps its data. */
  readonly dir: string;
  /** What it has logged since it was started first. */
  output(): string;
  /** Sends a command on a connection of its own. @throws what the server answers when that is an error */
  cli(...command: (string | number)[]): Promise<RedisReply>;
  /** Sends a signal, SIGKILL unless told otherwise, and waits for the end where that signal ends a process. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on its port with its data; one that still runs is killed first. */
  restart(): Promise<void>;
  /** Stops it in its tracks (SIGSTOP): connections stay open, nothing is answered. */
  freeze(): Promise<void>;
  /** Lets a frozen one go on. */
  thaw(): Promise<void>;
  /** Ends it for good and removes its folder; in order (SIGTERM) where `dir` was given. */
  stop(): Promise<void>;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Three servers that know nothing of one another. */
export interface ThreeServers {
  readonly servers: readonly [RedisProcess, RedisProcess, RedisProcess];
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/** A master and a replica, watched by three Sentinels. */
export interface SentinelSet {
  /** The name under which the Sentinels know the master. */
  readonly name: string;
  /** The Sentinels' addresses. */
  readonly addresses: readonly Address[];
  readonly sentinels: readonly RedisProcess[];
  /** Master and replica, in the roles that they had at first. */
  readonly servers: readonly RedisProcess[];
  /** The server that the Sentinels name as master now. */
  master(): Promise<RedisProcess>;
  /** Makes the other one master, in order or by killing the master, and waits until all Sentinels name it. */
  failover(how?: 'planned' | 'crash'): Promise<RedisProcess>;
  stop(): Promise<void>;
}

/** Three masters that share the slots. */
export interface RedisCluster {
  readonly nodes: readonly RedisProcess[];
  readonly addresses: readonly Address[];
  stop(): Promise<void>;
}

/** A master, and a replica whose link to it can be cut. */
export interface ReplicatedRedis {
  readonly master: RedisProcess;
  readonly replica: RedisProcess;
  /** What the replica reads the master through. */
  readonly link: TcpProxy;
  /** Waits until the replica has all that the master has. */
  synced(): Promise<void>;
  stop(): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 that can fail on demand. */
export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** The target's URL with the proxy's port; `redis://127.0.0.1:port` for a target without one. */
  readonly url: string;
  /** How many connections are open through it. */
  readonly connections: number;
  /** Resets every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Accepts connections again. */
  restore(): Promise<void>;
  /** Holds every answer back by so many milliseconds from now on; 0 ends it. */
  delay(milliseconds: number): void;
  /**
   * Keeps connections open and lets every byte vanish, both ways, until switched off. Then the connections that lost any
   * are reset.
   */
  swallow(on: boolean): void;
  /**
   * Lets the next answer vanish and resets its connection: the server has done the work, the client cannot know. With
   * a text, the answer to the next request that has it in its bytes.
   *
   * @returns settles when it has happened
   */
  dropNextReply(to?: string): Promise<void>;
  stop(): Promise<void>;
}

/** Finds `REDIS_URL` or a program. @throws an Error that names every way to provide one */
export declare function findRedis(): Promise<RedisProgram | RunningRedis>;
/** Finds a program, whatever `REDIS_URL` says. @throws an Error that names every way to provide one */
export declare function findRedisProgram(): Promise<RedisProgram>;
/** Starts a server and waits until it answers. @throws an Error with its log when it does not */
export declare function startRedis(options?: RedisOptions): Promise<RedisProcess>;
export declare function startThree(config?: RedisConfig): Promise<ThreeServers>;
export declare function startSentinelSet(config?: RedisConfig): Promise<SentinelSet>;
export declare function startCluster(config?: RedisConfig): Promise<RedisCluster>;
export declare function startReplicated(config?: RedisConfig): Promise<ReplicatedRedis>;
/** Starts a proxy in front of something that listens. */
export declare function startProxy(target: {
  readonly host?: string;
  readonly port: number;
  readonly url?: string;
}): Promise<TcpProxy>;
