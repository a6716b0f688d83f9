import { type INestApplication, type INestMicroservice, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Server } from 'node:net';
import { AppModule } from './app.module.js';
import { addressOf } from './net/address.js';
import { DemoLogger } from './demo-logger.js';
import type { DemoConfiguration } from './settings/demo-configuration.js';
import type { Settings } from './settings/settings.js';
import { DemoStore } from './store/demo-store.js';
import { TCP_PATTERNS } from './tcp/tcp-patterns.js';

/** The most that one request or message may hold. */
const MOST_BYTES = 1024 * 1024;

/** A replica that listens. */
export interface RunningDemo {
  readonly app: INestApplication;
  /** Such as `http://127.0.0.1:3000`. */
  readonly httpUrl: string;
  readonly tcpPort: number;
}

/**
 * Starts one replica: HTTP and TCP, over one set of tokens. Rejects with the platform's error when a port is taken.
 *
 * @throws {@link ConfigurationError} when Redis refuses us, or was set up with other settings
 */
export async function startDemo(configuration: DemoConfiguration): Promise<RunningDemo> {
  const { settings } = configuration;
  const { host, httpPort, tcpPort } = settings;
  const logger = new DemoLogger(settings.logLevels);
  // The store connects, and may have something to tell, before Nest takes the logger over.
  Logger.overrideLogger(logger);
  const store = await DemoStore.open(settings.store);
  const app = await createApp(configuration, store, logger);
  app.disable('x-powered-by');
  app.useBodyParser('json', { limit: MOST_BYTES });
  const tcp: INestMicroservice = app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.TCP,
    options: { host, port: tcpPort, maxBufferSize: MOST_BYTES },
  });
  app.enableShutdownHooks();
  try {
    await app.startAllMicroservices();
    // Last: whoever waits for this port finds everything.
    await app.listen(httpPort, host);
  } catch (error) {
    await app.close();
    throw error;
  }
  const running = {
    app,
    httpUrl: `http://${addressOf(app.getHttpServer()).authority}`,
    tcpPort: addressOf(tcp.unwrap<Server>()).port,
  };
  tellStart(running, configuration, store);
  return running;
}

async function createApp(
  configuration: DemoConfiguration,
  store: DemoStore,
  logger: DemoLogger,
): Promise<NestExpressApplication> {
  try {
    return await NestFactory.create<NestExpressApplication>(
      AppModule.register(configuration, store),
      // Nest declares its options as a class and takes plain objects.
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
      { logger, bodyParser: false, abortOnError: false },
    );
  } catch (error) {
    await store.close();
    throw error;
  }
}

function tellStart(
  { httpUrl, tcpPort }: RunningDemo,
  configuration: DemoConfiguration,
  store: DemoStore,
): void {
  const { settings, registrations } = configuration;
  const logger = new Logger('Demo');
  logger.log(`HTTP on ${httpUrl}: ${httpUrl}/tokens, ${httpUrl}/health, POST ${httpUrl}/call`);
  logger.log(`TCP on ${settings.host}:${tcpPort}: ${Object.values(TCP_PATTERNS).join(', ')}`);
  const ids = registrations.map(
    ({ registrationId, provider }) => `${registrationId} (${provider.name})`,
  );
  logger.log(`Registrations: ${ids.join(', ')}, from ${settings.registrationsFile}`);
  logger.log(store.description);
  tellAccess(logger, settings);
}

function tellAccess(logger: Logger, { apiKey, store, withoutEffect }: Settings): void {
  if (apiKey === undefined) logger.log('No API_KEY: open to everyone on this machine');
  if (withoutEffect.length === 0) return;
  const when = store === undefined ? 'while tokens are kept in memory' : 'in this version';
  logger.warn(`Without effect ${when}: ${withoutEffect.join(', ')}`);
}
