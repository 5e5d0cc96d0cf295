import * as z from 'zod';
import { receivedWork } from '../../contracts/distributor/agent-work.ts';
import { bodyBytesMax } from '../../contracts/api.ts';
import { parse } from '../../contracts/parse.ts';
import type { AgentDeps } from './ports.ts';
import type { ApiTransport } from '../client/api-transport.ts';
import { agentRegistry } from './registry.ts';
import { TerminalError } from '../errors.ts';

/** Room that a request takes beside the output in it. */
const envelopeBytesMax = 64 * 1024;
/** Bytes of an output by HTTP. */
const outputBytesMax = bodyBytesMax - envelopeBytesMax;

/** What an agent does over queues and the bucket, over the API alone: for agents whose identity is a token, and wherever nothing but HTTP gets through. */
export function httpAgentDeps(call: ApiTransport): Pick<AgentDeps, 'sqs' | 's3' | 'api'> {
  const registry = agentRegistry(call);
  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    call({ method: 'POST', path, body, ...(signal === undefined ? {} : { signal }) });
  return {
    api: {
      ...registry,
      // The addresses of the API stand in the place of the queues'.
      async register(registration) {
        const own = `/v1/agents/${encodeURIComponent(registration.agent_id)}`;
        const urls = { inbox_url: `${own}/inbox`, results_url: `${own}/results`, heartbeats_url: `${own}/heartbeats` };
        return { ...(await registry.register(registration)), ...urls };
      },
    },
    sqs: {
      async receive(url, { max, waitSeconds, signal }) {
        try {
          const work = parse(z.object(receivedWork.shape), await post(url, { max, wait_seconds: waitSeconds }, signal));
          return work.messages.map((message) => ({ body: JSON.stringify(message) }));
        } catch (error) {
          if (signal.aborted) return [];
          throw error;
        }
      },
      async send(url, messages) {
        const sent = await Promise.allSettled(
          messages.map(({ body }) => {
            const { pool: _pool, agent_id: _agent, ...report } = JSON.parse(body) as Record<string, unknown>;
            return post(url, report);
          }),
        );
        const refusals = sent.flatMap((outcome, index) => (outcome.status === 'rejected' ? [{ outcome, index }] : []));
        // With the reason, where nothing was taken.
        if (refusals.length === messages.length && refusals[0] !== undefined) throw refusals[0].outcome.reason;
        return refusals.map(({ index }) => index);
      },
    },
    s3: {
      inlineBytesMax: outputBytesMax,
      async get(_bucket, _key, { task_id, part }) {
        const path = `/v1/tasks/${encodeURIComponent(task_id)}/${part}`;
        return JSON.stringify(await call({ method: 'GET', path }));
      },
      async put(_bucket, _key, text) {
        const message = `the output has ${Buffer.byteLength(text)} bytes, at most ${outputBytesMax} fit into a request`;
        throw new TerminalError({ code: 'too-large', message });
      },
    },
  };
}
