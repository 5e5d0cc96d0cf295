import { Logger } from '@aws-lambda-powertools/logger';
import type { Warner } from './messenger.ts';

/** One structured line an invocation, and a line for each thing that went wrong on the way. */
export interface Log extends Warner {
  info(message: string, details: Record<string, unknown>): void;
  error(message: string, details: Record<string, unknown>): void;
}

/** The log of a deployed function. */
export function functionLog(service: string): Log {
  const logger = new Logger({ serviceName: service });
  return {
    info: (message, details) => logger.info(message, details),
    warn: (message, details) => logger.warn(message, details),
    error: (message, details) => logger.error(message, details),
  };
}
