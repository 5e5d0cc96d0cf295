import * as z from 'zod';
import { stopRequest } from '../api.ts';
import { timestamp, userId } from '../ids.ts';
import type { Operation } from '../operation.ts';

/** Who killed a namespace, when and why. */
export const namespaceKill = z.strictObject({ by: z.string(), at: timestamp, reason: z.string() });
export type NamespaceKill = z.infer<typeof namespaceKill>;

/** A namespace of which tasks have come, or that was killed. */
export const namespaceView = z.strictObject({ namespace: userId, killed: namespaceKill.optional() });
export type NamespaceView = z.infer<typeof namespaceView>;

/** The operations on namespaces of tasks. */
export const namespaceOperations: readonly Operation[] = [
  {
    id: 'listNamespaces',
    method: 'get',
    path: '/v1/namespaces',
    tag: 'tasks',
    summary: 'List the namespaces of which tasks have come',
    status: 200,
    answer: z.strictObject({ items: z.array(namespaceView) }),
  },
  {
    id: 'killNamespace',
    method: 'post',
    path: '/v1/namespaces/:id/kill',
    tag: 'tasks',
    summary: 'Kill a namespace: all its work is cancelled, and nothing new is accepted',
    params: { id: userId },
    body: stopRequest,
    status: 200,
    answer: namespaceView,
  },
  {
    id: 'reviveNamespace',
    method: 'post',
    path: '/v1/namespaces/:id/revive',
    tag: 'tasks',
    summary: 'Let a killed namespace have work again',
    params: { id: userId },
    status: 200,
    answer: namespaceView,
  },
];
