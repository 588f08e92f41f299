import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { HealthReport } from '../health/report.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { RollupMemory } from '../rollups/memory.js';
import type { ReadStore } from '../store/store.js';
import type { Respond } from './reply.js';

/** What every route may use. */
export interface RouteContext {
  config: Config;
  store: ReadStore;
  rollups: Pick<RollupMemory, 'revision' | 'count' | 'names'>;
  respond: Respond;
  health: { report(): HealthReport; dataVersion(): number | null };
  metrics: Metrics;
  clock: Clock;
  log: Log;
  /** Null: admin routes are disabled. */
  adminToken: string | null;
  /** Aborts when the process begins to shut down. */
  closing: AbortSignal;
}

/** Fastify, with the types of handlers derived from their TypeBox schemas. */
export type Api = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
