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
 */
export async function startDemo(configuration: DemoConfiguration): Promise<RunningDemo> {
  const { settings } = configuration;
  const { host, httpPort, tcpPort } = settings;
  // Nest declares its options as a class and takes plain objects.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
  const app = await NestFactory.create<NestExpressApplication>(AppModule.register(configuration), {
    logger: new DemoLogger(settings.logLevels),
    bodyParser: false,
    abortOnError: false,
  });
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
  tellStart(running, configuration);
  return running;
}

function tellStart({ httpUrl, tcpPort }: RunningDemo, configuration: DemoConfiguration): void {
  const { settings, registrations } = configuration;
  const logger = new Logger('Demo');
  logger.log(`HTTP on ${httpUrl}: ${httpUrl}/tokens, ${httpUrl}/health, POST ${httpUrl}/call`);
  logger.log(`TCP on ${settings.host}:${tcpPort}: ${Object.values(TCP_PATTERNS).join(', ')}`);
  const ids = registrations.map(
    ({ registrationId, provider }) => `${registrationId} (${provider.name})`,
  );
  logger.log(`Registrations: ${ids.join(', ')}, from ${settings.registrationsFile}`);
  tellAccess(logger, settings);
}

function tellAccess(logger: Logger, { apiKey, withoutEffect }: Settings): void {
  if (apiKey === undefined) logger.log('No API_KEY: open to everyone on this machine');
  if (withoutEffect.length === 0) return;
  logger.warn(`Without effect while tokens are kept in memory: ${withoutEffect.join(', ')}`);
}
